package linalg

import (
	"gonum.org/v1/gonum/lapack"
	gonum "gonum.org/v1/gonum/lapack/gonum"

	"gonum.org/v1/gonum/blas"

	"github.com/adagp/adagp/internal/parallel"
)

// SymEigen returns the eigenvalues of the symmetric matrix a in ascending order and the matrix whose
// columns are the eigenvectors, a = V·diag(values)·Vᵀ. Only the lower triangle of a is read.
//
// Errors: *NonFiniteError, ErrNoConvergence.
func SymEigen(a *Matrix) (values []float64, vectors *Matrix, err error) {
	n := a.square("SymEigen")
	if err := a.checkFinite(); err != nil {
		return nil, nil, err
	}
	v := a.Clone()
	values = make([]float64, n)
	if n == 0 {
		return values, v, nil
	}
	var impl gonum.Implementation
	work := make([]float64, 1)
	impl.Dsyev(lapack.EVCompute, blas.Lower, n, v.Data, n, values, work, -1)
	work = make([]float64, int(work[0]))
	if ok := impl.Dsyev(lapack.EVCompute, blas.Lower, n, v.Data, n, values, work, len(work)); !ok {
		return nil, nil, ErrNoConvergence
	}
	return values, v, nil
}

// PseudoInverseSym returns the Moore-Penrose inverse of the symmetric matrix a: eigenvalues whose
// absolute value is at most rcond times the largest one are treated as zero. rcond <= 0 stands for n
// times the machine epsilon.
//
// Errors: those of SymEigen.
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
		largest = max(largest, e, -e)
	}
	inv := make([]float64, n)
	for i, e := range values {
		if max(e, -e) > rcond*largest {
			inv[i] = 1 / e
		}
	}
	scaled := New(n, n)
	parallel.For(n, grainFor(n), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dst := scaled.Row(i)
			for j, x := range v.Row(i) {
				dst[j] = x * inv[j]
			}
		}
	})
	p := MulNT(scaled, v)
	p.mirrorLower()
	return p, p.checkFinite()
}
