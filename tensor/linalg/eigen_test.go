package linalg

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"
)

// spectrum returns V·diag(values)·Vᵀ for a random orthogonal V.
func spectrum(r *rand.Rand, values []float64) *Matrix {
	n := len(values)
	q := Identity(n)
	for range 3 { // reflections
		v := make([]float64, n)
		norm := 0.0
		for i := range v {
			v[i] = r.NormFloat64()
			norm += v[i] * v[i]
		}
		for i := range n {
			dot := 0.0
			for j := range n {
				dot += q.At(i, j) * v[j]
			}
			for j := range n {
				q.Data[i*n+j] -= 2 * dot * v[j] / norm
			}
		}
	}
	scaled := q.Clone()
	for i := range n {
		for j := range n {
			scaled.Data[i*n+j] *= values[j]
		}
	}
	a := MulNT(scaled, q)
	a.mirrorLower()
	return a
}

func filled(n int, f func(i int) float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = f(i)
	}
	return v
}

// TestSymEigenHard uses spectra that make divide and conquer deflate a lot, or hardly at all, and
// sizes far from one.
func TestSymEigenHard(t *testing.T) {
	r := newRand(21)
	const n = 150
	matrices := map[string]*Matrix{
		"zero":      New(n, n),
		"identity":  Identity(n),
		"one value": spectrum(r, filled(n, func(int) float64 { return 3 })),
		"two values": spectrum(r, filled(n, func(i int) float64 {
			return float64(1 + i%2)
		})),
		"geometric":   spectrum(r, filled(n, func(i int) float64 { return math.Pow(0.5, float64(i)) })),
		"one large":   spectrum(r, filled(n, func(i int) float64 { return 1 + 1e9*float64(i/(n-1)) })),
		"clusters":    spectrum(r, filled(n, func(i int) float64 { return float64(i/30) + 1e-13*float64(i) })),
		"singular":    spectrum(r, filled(n, func(i int) float64 { return float64(i % 3) })),
		"both signs":  spectrum(r, filled(n, func(i int) float64 { return float64(i) - n/2 })),
		"tiny":        Scale(randomSPD(r, n), 1e-290),
		"huge":        Scale(randomSPD(r, n), 1e+290),
		"tridiagonal": New(n, n),
		"glued":       New(n, n),
		"diagonal":    New(n, n),
		"few tokens":  New(n, n),
	}
	for i := range n {
		matrices["diagonal"].Set(i, i, r.NormFloat64())
		matrices["tridiagonal"].Set(i, i, 2)
		matrices["glued"].Set(i, i, math.Abs(float64(i%30-15))) // Wilkinson's matrices, loosely tied
		if i > 0 {
			matrices["tridiagonal"].Set(i, i-1, -1)
			glue := 1.0
			if i%30 == 0 {
				glue = 1e-8
			}
			matrices["glued"].Set(i, i-1, glue)
		}
	}
	AddGram(matrices["few tokens"], randomMatrix(r, 20, n).Tensor())
	matrices["tridiagonal"].mirrorLower()
	matrices["glued"].mirrorLower()
	for name, a := range matrices {
		t.Run(name, func(t *testing.T) {
			before := a.Clone()
			values, v, err := SymEigen(a)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "argument", a, before, 0)
			checkEigen(t, name, a, values, v)
			ref := gonumEigenvalues(a)
			largest := math.Max(math.Abs(ref[0]), math.Abs(ref[n-1]))
			for i := range ref {
				// Weyl: both are exact for matrices within some n·2⁻⁵² of a.
				if math.Abs(values[i]-ref[i]) > tolerance(n)*largest {
					t.Fatalf("eigenvalue %d is %.17g, gonum has %.17g", i, values[i], ref[i])
				}
			}
		})
	}
	values, _, err := SymEigen(matrices["tridiagonal"])
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range values {
		if want := 2 - 2*math.Cos(math.Pi*float64(i+1)/(n+1)); math.Abs(got-want) > 1e-13 {
			t.Errorf("second difference: eigenvalue %d is %.16g, want %.16g", i, got, want)
		}
	}
}

// gonumEigenvalues scales a first: gonum 0.17 panics for very small matrices.
func gonumEigenvalues(a *Matrix) []float64 {
	n := a.Rows
	largest := 0.0
	for _, v := range a.Data {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 {
		return make([]float64, n)
	}
	a = Scale(a, 1/largest)
	var impl lapackgonum.Implementation
	values, work := make([]float64, n), make([]float64, 64*n)
	impl.Dsyev(lapack.EVNone, blas.Lower, n, a.Data, n, values, work, len(work))
	for i := range values {
		values[i] *= largest
	}
	return values
}

func TestPseudoInverseSym(t *testing.T) {
	r := newRand(22)
	for _, n := range []int{1, 2, 33, 100, 200} {
		values := filled(n, func(i int) float64 {
			if i%3 == 1 {
				return 0
			}
			return r.NormFloat64() + 3
		})
		a := spectrum(r, values)
		what := fmt.Sprintf("n = %d", n)
		p, err := PseudoInverseSym(a, 1e-12)
		if err != nil {
			t.Fatal(err)
		}
		// The four conditions of Penrose, of which symmetry makes the last two one.
		ap := Mul(a, p)
		near(t, "A·A⁺·A, "+what, Mul(ap, a), a, 1e-11)
		near(t, "A⁺·A·A⁺, "+what, Mul(p, ap), p, 1e-11)
		near(t, "(A·A⁺)ᵀ, "+what, ap.T(), ap, 1e-11)
		near(t, "symmetry, "+what, p, p.T(), 0)
	}
	p, err := PseudoInverseSym(New(4, 4), 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "of zero", p, New(4, 4), 0)
	if p, err = PseudoInverseSym(New(0, 0), 0); err != nil || p.Rows != 0 {
		t.Errorf("of the empty matrix: %v, %v", p, err)
	}
}

func TestEigenNonFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := randomSPD(newRand(23), 70)
		a.Set(60, 7, bad)
		var e *NonFiniteError
		if _, _, err := SymEigen(a); !errors.As(err, &e) || e.Row != 60 || e.Col != 7 {
			t.Errorf("SymEigen with %v: error %v, want a *NonFiniteError at [60 7]", bad, err)
		}
		if _, err := PseudoInverseSym(a, 0); !errors.As(err, &e) {
			t.Errorf("PseudoInverseSym with %v: error %v, want a *NonFiniteError", bad, err)
		}
	}
}

// TestSecularRoots checks the roots against their bracket and their residual.
func TestSecularRoots(t *testing.T) {
	r := newRand(24)
	for range 200 {
		k := 1 + r.IntN(40)
		d := filled(k, func(int) float64 { return r.NormFloat64() * math.Exp(4*r.NormFloat64()) })
		slices.Sort(d)
		d = slices.Compact(d)
		k = len(d)
		weight := filled(k, func(int) float64 { return math.Exp(8 * r.NormFloat64()) })
		total := 0.0
		for _, w := range weight {
			total += w
		}
		diff := make([]float64, k)
		for i := range k {
			x := secularRoot(d, weight, i, diff)
			upper := d[k-1] + total
			if i < k-1 {
				upper = d[i+1]
			}
			// The root may round to an end of its interval; the differences must not.
			if !(x >= d[i] && x <= upper*(1+1e-12*math.Copysign(1, upper))) || diff[i] >= 0 || (i < k-1 && diff[i+1] <= 0) {
				t.Fatalf("root %d of %d is %.17g, differences %g %g, want within (%.17g, %.17g)", i, k, x, diff[i], diff[min(i+1, k-1)], d[i], upper)
			}
			f, size := 1.0, 1.0
			for j, w := range weight {
				f += w / diff[j]
				size += math.Abs(w / diff[j])
			}
			if math.Abs(f) > 1e-13*size {
				t.Fatalf("root %d of %d: residual %g among terms of %g", i, k, f, size)
			}
		}
	}
}

// TestSymEigenRandom goes through many sizes and structures: graded, of low rank, banded, constant,
// sparse.
func TestSymEigenRandom(t *testing.T) {
	r := newRand(25)
	for trial := range 80 {
		n := 1 + r.IntN(200)
		a := randomMatrix(r, n, n)
		structure := trial % 6
		for i := range n {
			for j := range n {
				switch v := &a.Data[i*n+j]; structure {
				case 1:
					*v *= math.Exp(-0.3 * float64(i+j))
				case 2:
					if i-j > 2 || j-i > 2 {
						*v = 0
					} else {
						*v = float64(r.IntN(3) - 1)
					}
				case 3:
					*v = 1
				case 4:
					if r.IntN(10) > 0 {
						*v = 0
					}
				}
			}
		}
		if structure == 5 {
			x := randomMatrix(r, 1+r.IntN(5), n)
			a = MulTN(x, x)
		}
		a.mirrorLower()
		values, v, err := SymEigen(a)
		if err != nil {
			t.Fatal(err)
		}
		checkEigen(t, fmt.Sprintf("structure %d, n = %d", structure, n), a, values, v)
	}
}
