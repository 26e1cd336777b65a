package linalg

import (
	"github.com/adagp/adagp/asm"
	"math"
	"slices"

	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"

	"github.com/adagp/adagp/internal/parallel"
)

// leafSize is the size of tridiagonal blocks that are solved by the QL iteration.
const leafSize = 32

// unitRoundoff is half the distance from 1 to the next larger number.
const unitRoundoff = 0x1p-53

// eigenTridiagonal overwrites diag with the eigenvalues of the symmetric tridiagonal matrix that has
// it as the diagonal and off beside it. It returns the eigenvectors as the rows of zt, and the order
// of the eigenvalues: diag[order[0]] is the lowest.
//
// Cuppen's method: taking |e| from two neighbouring diagonal elements splits the matrix in two
// blocks plus e·(1 ±1)ᵀ(1 ±1) between them. From the eigenvectors of the blocks follow those of the
// whole as the ones of a diagonal matrix plus a vector times itself, see merge.
func eigenTridiagonal(diag, off []float64) (zt *Matrix, order []int, err error) {
	n := len(diag)
	cuts := splits(n)
	for _, c := range cuts[1 : len(cuts)-1] {
		diag[c-1] -= math.Abs(off[c-1])
		diag[c] -= math.Abs(off[c-1])
	}
	t := &tridiagonal{values: diag, off: off, zt: New(n, n)}
	leaves := len(cuts) - 1
	order = make([]int, n)
	failed := make([]bool, leaves)
	parallel.For(leaves, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			failed[i] = !t.leaf(cuts[i], cuts[i+1])
			copy(order[cuts[i]:], argsort(diag, cuts[i], cuts[i+1]))
		}
	})
	if slices.Contains(failed, true) {
		return nil, nil, ErrNoConvergence
	}
	if leaves > 1 {
		t.gathered, t.small = make([]float64, n*n), make([]float64, n*n)
	}
	for len(cuts) > 2 {
		merges := (len(cuts) - 1) / 2
		step := func(lo, hi int) {
			for i := lo; i < hi; i++ {
				t.merge(cuts[2*i], cuts[2*i+1], cuts[2*i+2], order)
			}
		}
		// The last merges are large and spread their own work over the cores.
		if merges >= 4 {
			parallel.For(merges, 1, step)
		} else {
			step(0, merges)
		}
		next := []int{0}
		for i := 2; i < len(cuts); i += 2 {
			next = append(next, cuts[i])
		}
		cuts = next
	}
	return t.zt, order, nil
}

// splits returns the ends of 2^k blocks of nearly equal size, at most leafSize.
func splits(n int) []int {
	cuts := []int{0, n}
	for size := n; size > leafSize; size = (size + 1) / 2 {
		next := []int{0}
		for i := 1; i < len(cuts); i++ {
			next = append(next, (cuts[i-1]+cuts[i])/2, cuts[i])
		}
		cuts = next
	}
	return cuts
}

type tridiagonal struct {
	values, off     []float64
	zt              *Matrix   // eigenvectors of the blocks so far, as rows
	gathered, small []float64 // scratch memory; a block [lo, hi) uses elements lo·n to hi·n
}

// leaf solves the block [lo, hi) by the QL iteration.
func (t *tridiagonal) leaf(lo, hi int) bool {
	b, n := hi-lo, t.zt.Cols
	z, work, e := make([]float64, b*b), make([]float64, max(1, 2*b-2)), make([]float64, max(b-1, 0))
	copy(e, t.off[lo:])
	var impl lapackgonum.Implementation
	if !impl.Dsteqr(lapack.EVTridiag, b, t.values[lo:hi], e, z, b, work) {
		return false
	}
	for i := range b {
		for j := range b {
			t.zt.Data[(lo+j)*n+lo+i] = z[i*b+j]
		}
	}
	return true
}

// merge makes the eigenvectors of the block [lo, hi) from those of [lo, mid) and [mid, hi).
//
// With those as rows of Z the block is Zᵀ·(D + ρ·z·zᵀ)·Z, where z is made of the last element of each
// eigenvector of the first block and the first element of each of the second. Where an element of z
// or the distance of two eigenvalues is negligible, an eigenvalue and a vector, after a rotation at
// most, stay as they are (deflation). The others are the roots of a secular equation.
func (t *tridiagonal) merge(lo, mid, hi int, order []int) {
	n := t.zt.Cols
	e := t.off[mid-1]
	rho := 2 * math.Abs(e)
	z := make([]float64, hi-lo)
	for c := lo; c < hi; c++ {
		if c < mid {
			z[c-lo] = t.zt.Data[c*n+mid-1] / math.Sqrt2
		} else {
			z[c-lo] = math.Copysign(1, e) * t.zt.Data[c*n+mid] / math.Sqrt2
		}
	}
	sorted := argsort(t.values, lo, hi)

	live, deflated, kind := t.deflate(lo, mid, sorted, z, rho)
	k := len(live)
	roots := make([]float64, k)
	if k > 0 {
		d, zl := make([]float64, k), make([]float64, k)
		for i, c := range live {
			d[i], zl[i] = t.values[c], z[c-lo]
		}
		// Vectors that only reach into the first block, into both, into the second.
		var byKind []int
		count := [3]int{}
		for want := range count {
			for i, c := range live {
				if kind[c-lo] == want {
					byKind = append(byKind, i)
					count[want]++
				}
			}
		}
		s := FromSlice(t.small[lo*n:lo*n+k*k], k, k)
		secularVectors(d, zl, rho, roots, s, byKind)
		t.combine(lo, mid, hi, live, deflated, byKind, count, s)
	} else {
		t.combine(lo, mid, hi, nil, deflated, nil, [3]int{}, nil)
	}
	values := make([]float64, 0, hi-lo)
	values = append(values, roots...)
	for _, c := range deflated {
		values = append(values, t.values[c])
	}
	copy(t.values[lo:hi], values)
	copy(order[lo:hi], argsort(t.values, lo, hi))
}

// deflate sorts the columns of a block, given in the order of their eigenvalues, into live ones and
// deflated ones, after the test of Gu and Eisenstat (1995) as LAPACK's dlaed2 makes it. kind says of
// each vector whether it reaches into the first block only (0), both (1) or the second only (2).
func (t *tridiagonal) deflate(lo, mid int, sorted []int, z []float64, rho float64) (live, deflated, kind []int) {
	n := t.zt.Cols
	kind = make([]int, len(z))
	largest := 0.0
	for _, c := range sorted {
		if c >= mid {
			kind[c-lo] = 2
		}
		largest = max(largest, math.Abs(t.values[c]), math.Abs(z[c-lo]))
	}
	tol := 8 * unitRoundoff * largest
	last := -1 // a column that is live unless it proves to be too close to the next
	for _, c := range sorted {
		if rho*math.Abs(z[c-lo]) <= tol {
			deflated = append(deflated, c)
			continue
		}
		if last >= 0 {
			r := math.Hypot(z[c-lo], z[last-lo])
			cos, sin := z[c-lo]/r, -z[last-lo]/r
			if math.Abs((t.values[c]-t.values[last])*cos*sin) <= tol {
				z[c-lo], z[last-lo] = r, 0
				rotate(t.zt.Data[last*n:(last+1)*n], t.zt.Data[c*n:(c+1)*n], cos, sin)
				if kind[c-lo] != kind[last-lo] {
					kind[c-lo] = 1
				}
				vl, vc := t.values[last], t.values[c]
				t.values[last] = vl*cos*cos + vc*sin*sin
				t.values[c] = vl*sin*sin + vc*cos*cos
				deflated = append(deflated, last)
			} else {
				live = append(live, last)
			}
		}
		last = c
	}
	if last >= 0 {
		live = append(live, last)
	}
	return live, deflated, kind
}

// rotate replaces (x, y) by (cos·x + sin·y, cos·y − sin·x).
func rotate(x, y []float64, cos, sin float64) {
	for i, v := range x {
		x[i], y[i] = cos*v+sin*y[i], cos*y[i]-sin*v
	}
}

// combine replaces the rows of the block by s times the live rows, followed by the deflated ones.
// Column p of s belongs to live[byKind[p]].
func (t *tridiagonal) combine(lo, mid, hi int, live, deflated, byKind []int, count [3]int, s *Matrix) {
	n, n1, n2 := t.zt.Cols, mid-lo, hi-mid
	k, first, second := len(live), count[0]+count[1], count[1]+count[2]
	buf := t.gathered[lo*n : hi*n]
	top, buf := buf[:first*n1], buf[first*n1:]
	bottom, rest := buf[:second*n2], buf[second*n2:]
	for p, i := range byKind {
		row := t.zt.Data[live[i]*n:]
		if p < first {
			copy(top[p*n1:(p+1)*n1], row[lo:mid])
		}
		if p >= count[0] {
			copy(bottom[(p-count[0])*n2:], row[mid:hi])
		}
	}
	for i, c := range deflated {
		copy(rest[i*(hi-lo):], t.zt.Data[c*n+lo:c*n+hi])
	}
	out := t.zt.Data[lo*n:]
	h, _ := tile(k, hi-lo, (first+second)/2)
	parallel.For((k+h-1)/h, 1, func(from, to int) {
		for tile := from; tile < to; tile++ {
			i := tile * h
			rows := min(h, k-i)
			asm.Gemm(1, view(s.Data[i*k:], rows, first, k), view(top, first, n1, n1), 0, view(out[i*n+lo:], rows, n1, n))
			asm.Gemm(1, view(s.Data[i*k+count[0]:], rows, second, k), view(bottom, second, n2, n2), 0, view(out[i*n+mid:], rows, n2, n))
		}
	})
	for i := range deflated {
		copy(out[(k+i)*n+lo:(k+i)*n+hi], rest[i*(hi-lo):])
	}
}
