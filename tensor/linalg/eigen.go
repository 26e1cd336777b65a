package linalg

import (
	"math"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
)

// SymEigen returns the eigenvalues of the symmetric matrix a in ascending order and the matrix whose
// columns are the eigenvectors, a = V·diag(values)·Vᵀ. Only the lower triangle of a is read.
//
// The matrix is reduced to tridiagonal form by blocks of reflections, that one is solved by dividing
// and conquering, and the reflections are applied to its eigenvectors. Nearly all work beyond half of
// the reduction is in matrix products.
//
// Errors: *NonFiniteError, ErrNoConvergence.
func SymEigen(a *Matrix) (values []float64, vectors *Matrix, err error) {
	n := a.square("SymEigen")
	w := New(n, n)
	largest := 0.0
	for i := range n {
		for j, v := range a.Data[i*n : i*n+i+1] {
			if v-v != 0 {
				return nil, nil, &NonFiniteError{Row: i, Col: j, Value: v}
			}
			largest = max(largest, math.Abs(v))
			w.Data[i*n+j] = v
		}
	}
	if largest == 0 {
		return make([]float64, n), Identity(n), nil
	}
	// A power of two brings the largest element near one, without rounding: no square of an element
	// or of a sum overflows.
	_, exp := math.Frexp(largest)
	for i, v := range w.Data {
		w.Data[i] = math.Ldexp(v, -exp)
	}
	w.mirrorLower()

	diag, off, tau := tridiagonalise(w)
	zt, order, err := eigenTridiagonal(diag, off)
	if err != nil {
		return nil, nil, err
	}
	applyReflections(zt, w, tau)

	values = make([]float64, n)
	vectors = New(n, n)
	for i, o := range order {
		values[i] = math.Ldexp(diag[o], exp)
	}
	parallel.For(n, grainFor(n), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := vectors.Row(i)
			for j, o := range order {
				row[j] = zt.Data[o*n+i]
			}
		}
	})
	return values, vectors, nil
}

// PseudoInverseSym returns the Moore-Penrose inverse of the symmetric matrix a: eigenvalues whose
// absolute value is at most rcond times the largest one are treated as zero. rcond <= 0 stands for n
// times the machine epsilon 2⁻⁵². Only the lower triangle of a is read; the result is exactly
// symmetric.
//
// Errors: those of SymEigen, and *NonFiniteError when the inverse overflows.
func PseudoInverseSym(a *Matrix, rcond float64) (*Matrix, error) {
	n := a.square("PseudoInverseSym")
	values, v, err := SymEigen(a)
	if err != nil {
		return nil, err
	}
	if !(rcond > 0) {
		rcond = float64(n) * 0x1p-52
	}
	largest := 0.0
	for _, e := range values {
		largest = max(largest, math.Abs(e))
	}
	inv := make([]float64, n)
	for i, e := range values {
		if math.Abs(e) > rcond*largest {
			inv[i] = 1 / e
		}
	}
	p := New(n, n)
	FromEigen(p, New(n, n), v, inv)
	if err := p.CheckFinite(); err != nil {
		return nil, err
	}
	return p, nil
}

// argsort returns the order of the columns [lo, hi) by ascending value.
func argsort(values []float64, lo, hi int) []int {
	order := make([]int, hi-lo)
	for i := range order {
		order[i] = lo + i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	return order
}
