package linalg

import (
	"slices"

	"github.com/adagp/adagp/internal/parallel"
)

// SolveSPD returns X with a·X = b, for a [n, n] symmetric positive definite (only its lower triangle
// is read) and b [n, r].
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func SolveSPD(a, b *Matrix) (*Matrix, error) {
	n := a.square("SolveSPD")
	b.shape("SolveSPD", n, b.Cols)
	if err := b.checkFinite(); err != nil {
		return nil, err
	}
	l, err := Cholesky(a)
	if err != nil {
		return nil, err
	}
	x := b.Clone()
	inStrips(x, func(strip []float64, cols, _ int) {
		forward(l.Data, n, n, strip, cols, x.Cols, 0)
		backwardT(l.Data, n, n, strip, cols, x.Cols, 0)
	})
	return x, x.checkFinite()
}

// InverseSPD returns the inverse of the symmetric positive definite matrix a, of which only the lower
// triangle is read. The result is exactly symmetric.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func InverseSPD(a *Matrix) (*Matrix, error) {
	l, err := Cholesky(a)
	if err != nil {
		return nil, err
	}
	x := inverseLower(l)
	// A⁻¹ = XᵀX with X = L⁻¹; rows of X above a tile's first row are zero in its columns.
	n := a.Rows
	inv := l
	tiles := (n + cholBlock - 1) / cholBlock
	parallel.For(tiles*(tiles+1)/2, 1, func(lo, hi int) {
		for t := lo; t < hi; t++ {
			ti, tj := lowerTile(t)
			i, j := ti*cholBlock, tj*cholBlock
			gemm(true, false, min(cholBlock, n-i), min(cholBlock, n-j), n-i,
				1, x.Data[i*n+i:], n, x.Data[i*n+j:], n, 0, inv.Data[i*n+j:], n)
		}
	})
	inv.mirrorLower()
	if err := inv.checkFinite(); err != nil {
		return nil, err
	}
	return inv, nil
}

// InverseUpperFactor returns the upper triangular U with positive diagonal and UᵀU = a⁻¹, for a
// symmetric positive definite (only its lower triangle is read).
//
// With J the matrix that reverses the order of rows, J·a·J = L·Lᵀ gives a = R·Rᵀ with R = J·L·J upper
// triangular, so U = R⁻¹ = J·L⁻¹·J. One factorisation and one triangular inverse: half the work of
// factoring a, inverting it and factoring the inverse, and without the squared condition number that
// the explicit inverse would bring in.
//
// Errors: *NotPositiveDefiniteError, whose pivot counts in the order of a, *NonFiniteError.
func InverseUpperFactor(a *Matrix) (*Matrix, error) {
	n := a.square("InverseUpperFactor")
	l := New(n, n)
	for i := range n {
		// Row i of J·a·J up to its diagonal: column n-1-i of a from the bottom up.
		for j := range i + 1 {
			l.Data[i*n+j] = a.Data[(n-1-j)*n+n-1-i]
		}
	}
	if err := choleskyInPlace(l); err != nil {
		switch e := err.(type) {
		case *NotPositiveDefiniteError:
			e.Pivot = n - 1 - e.Pivot
		case *NonFiniteError:
			e.Row, e.Col = n-1-e.Col, n-1-e.Row
		}
		return nil, err
	}
	u := inverseLower(l)
	slices.Reverse(u.Data) // J·X·J is X read backwards
	if err := u.checkFinite(); err != nil {
		return nil, err
	}
	return u, nil
}
