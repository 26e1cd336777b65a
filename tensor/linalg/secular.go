package linalg

import (
	"math"

	"github.com/adagp/adagp/internal/parallel"
)

// secularVectors finds the eigenvalues of diag(d) + rho·z·zᵀ, for d ascending without repetitions, z
// without zeros and rho > 0, and its eigenvectors as the rows of s; column p of s belongs to d[columns[p]].
//
// The eigenvalues are the roots of 1 + rho·Σ z_j²/(d_j − λ), one between each two neighbours of d and
// one above. The vectors are (z_j/(d_j − λ)) up to their length. For them to be orthogonal, z is
// replaced by the ẑ for which the computed roots are exact (Gu and Eisenstat 1994),
//
//	ẑ_j² ∝ (λ_j − d_j) · Π_{i≠j} (λ_i − d_j)/(d_i − d_j),
//
// and the differences d_j − λ_i are kept from the search, which knows them to full precision.
func secularVectors(d, z []float64, rho float64, roots []float64, s *Matrix, columns []int) {
	k := len(d)
	weight := make([]float64, k)
	for j, v := range z {
		weight[j] = rho * v * v
	}
	parallel.For(k, grainFor(16*k), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			roots[i] = secularRoot(d, weight, i, s.Row(i))
		}
	})
	zhat := make([]float64, k)
	parallel.For(k, grainFor(4*k), func(lo, hi int) {
		prod := zhat[lo:hi]
		for j := range prod {
			prod[j] = -s.Data[(lo+j)*k+lo+j]
		}
		for i := range k {
			diff := s.Data[i*k+lo : i*k+hi]
			for j, v := range diff {
				if lo+j != i {
					prod[j] *= v / (d[lo+j] - d[i])
				}
			}
		}
		for j, v := range prod {
			prod[j] = math.Copysign(math.Sqrt(math.Abs(v)), z[lo+j])
		}
	})
	parallel.For(k, grainFor(4*k), func(lo, hi int) {
		v := make([]float64, k)
		for i := lo; i < hi; i++ {
			row := s.Row(i)
			sum := 0.0
			for j, diff := range row {
				v[j] = zhat[j] / diff
				sum += v[j] * v[j]
			}
			scale := 1 / math.Sqrt(sum)
			for p, j := range columns {
				row[p] = v[j] * scale
			}
		}
	})
}

// secularRoot returns root i of f(λ) = 1 + Σ weight_j/(d_j − λ) and fills in diff_j = d_j − λ. It
// searches for the distance x of λ from the nearer end of its interval, so that diff comes out with
// full relative precision however close the root is to the end.
//
// Steps come from replacing the sums over poles on the left and on the right of λ by one pole each,
// with the same value and slope (Li 1993, "the middle way"); a step that leaves the bracket halves it
// instead.
func secularRoot(d, weight []float64, i int, diff []float64) float64 {
	k := len(d)
	origin, lo, hi := i, 0.0, 0.0
	if i == k-1 {
		for _, w := range weight {
			hi += w
		}
		hi *= 1 + 4*unitRoundoff*float64(k) // the bound is sharp when the other weights vanish
	} else {
		half := (d[i+1] - d[i]) / 2
		f := 1.0
		for j, w := range weight {
			f += w / ((d[j] - d[i]) - half)
		}
		if f >= 0 {
			hi = half
		} else {
			origin, lo = i+1, -half
		}
	}
	for j, v := range d {
		diff[j] = v - d[origin] // without x for now
	}
	x := firstGuess(diff, weight, i, lo, hi)
	for range 200 {
		left, slopeLeft := poles(diff[:i+1], weight[:i+1], x)
		right, slopeRight := poles(diff[i+1:], weight[i+1:], x)
		f := 1 + left + right
		// Both sums carry rounding errors of some units of their size.
		if math.Abs(f) <= 8*unitRoundoff*(1-left+right) {
			break
		}
		if f < 0 {
			lo = x
		} else {
			hi = x
		}
		next := x + step(f, left, slopeLeft, slopeRight, diff[i]-x, diff, i, x)
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
		}
		if next == x || next <= lo || next >= hi {
			break
		}
		x = next
	}
	for j := range diff {
		diff[j] -= x
	}
	return d[origin] + x
}

// poles returns Σ weight_j/(diff_j − x) and its derivative.
func poles(diff, weight []float64, x float64) (sum, slope float64) {
	for j, w := range weight {
		t := 1 / (diff[j] - x)
		w *= t
		sum += w
		slope += w * t
	}
	return sum, slope
}

// firstGuess solves the equation with the two poles beside the root, the other terms being taken at
// the middle of the bracket.
func firstGuess(diff, weight []float64, i int, lo, hi float64) float64 {
	mid := lo + (hi-lo)/2
	if i == len(diff)-1 {
		return mid
	}
	c := 1.0
	for j, w := range weight {
		if j != i && j != i+1 {
			c += w / (diff[j] - mid)
		}
	}
	// c + w0/(p0−x) + w1/(p1−x) = 0 with p0 = diff[i], p1 = diff[i+1], one of them 0.
	p0, p1, w0, w1 := diff[i], diff[i+1], weight[i], weight[i+1]
	x := solveQuadratic(c, c*(p0+p1)+w0+w1, c*p0*p1+w0*p1+w1*p0)
	if !(x > lo && x < hi) {
		return mid
	}
	return x
}

// step returns the change of x that the model with one pole on each side asks for.
func step(f, left, slopeLeft, slopeRight, p0 float64, diff []float64, i int, x float64) float64 {
	if i == len(diff)-1 {
		// 1 + r + s/(p0−η) = 0 with value and slope of the left sum at η = 0.
		return p0 + p0*p0*slopeLeft/(1+left-p0*slopeLeft)
	}
	p1 := diff[i+1] - x
	return solveQuadratic(f-p0*slopeLeft-p1*slopeRight, (p0+p1)*f-p0*p1*(slopeLeft+slopeRight), p0*p1*f)
}

// solveQuadratic returns the root of c·x² − a·x + b that lies between the poles from which the
// coefficients came, without cancellation.
func solveQuadratic(c, a, b float64) float64 {
	root := math.Sqrt(math.Max(a*a-4*b*c, 0))
	if a <= 0 {
		return (a - root) / (2 * c)
	}
	return 2 * b / (a + root)
}
