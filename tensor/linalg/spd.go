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
	l, x := a.Clone(), b.Clone()
	if err := SolveSPDInPlace(l, x); err != nil {
		return nil, err
	}
	return x, nil
}

// SolveSPDInPlace overwrites b [n, r] with the X of a·X = b, and a with its Cholesky factor, for a
// [n, n] symmetric positive definite: [SolveSPD] without memory of its own, for many systems in a
// row. Only the lower triangle of a is read. After an error both hold nothing useful.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func SolveSPDInPlace(a, b *Matrix) error {
	n := a.square("SolveSPDInPlace")
	b.shape("SolveSPDInPlace", n, b.Cols)
	if err := b.checkFinite(); err != nil {
		return err
	}
	for i := range n {
		clear(a.Row(i)[i+1:])
	}
	if err := choleskyInPlace(a); err != nil {
		return err
	}
	substitute(a, b, forward, backwardT)
	return b.checkFinite()
}

// InverseSPD returns the inverse of the symmetric positive definite matrix a, of which only the lower
// triangle is read. The result is exactly symmetric.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func InverseSPD(a *Matrix) (*Matrix, error) {
	inv, err := Cholesky(a)
	if err != nil {
		return nil, err
	}
	invertLower(inv)
	multiplyLowerT(inv)
	inv.mirrorLower()
	if err := inv.checkFinite(); err != nil {
		return nil, err
	}
	return inv, nil
}

// multiplyLowerT overwrites the lower triangle of x, which is lower triangular, with that of Xᵀ·X. Row
// i of the product only needs rows of X from i on; strips of rows are therefore computed from the top
// and, once complete, take the place of the rows that they alone have needed.
func multiplyLowerT(x *Matrix) {
	n := x.Rows
	strip := make([]float64, n*stripRows)
	for i := 0; i < n; i += stripRows {
		rows := min(stripRows, n-i)
		cols := i + rows
		_, w := tile(rows, cols, n-i)
		parallel.For((cols+w-1)/w, 1, func(lo, hi int) {
			for t := lo; t < hi; t++ {
				j := t * w
				gemm(true, false, rows, min(w, cols-j), n-i, 1, x.Data[i*n+i:], n, x.Data[i*n+j:], n, 0, strip[j:], cols)
			}
		})
		for r := range rows {
			copy(x.Data[(i+r)*n:(i+r)*n+i+r+1], strip[r*cols:])
		}
	}
}

// InverseUpperFactor returns the upper triangular U with positive diagonal and UᵀU = a⁻¹, for a
// symmetric positive definite, of which only the lower triangle is read.
//
// With J the matrix that reverses the order of rows, J·a·J = L·Lᵀ gives a = R·Rᵀ with R = J·L·J upper
// triangular, so U = R⁻¹ = J·L⁻¹·J. One factorisation and one triangular inverse: half the work of
// factoring a, inverting it and factoring the inverse, and without the loss of digits that the
// explicit inverse of an ill-conditioned matrix brings.
//
// Errors: *NotPositiveDefiniteError, whose pivot counts in the order of a, *NonFiniteError.
func InverseUpperFactor(a *Matrix) (*Matrix, error) {
	u := a.Clone()
	if err := InverseUpperFactorInto(u, u); err != nil {
		return nil, err
	}
	return u, nil
}

// InverseUpperFactorInto is InverseUpperFactor with the result in dst [n, n], which may be a itself:
// then it takes no further memory of that size. After an error dst holds nothing of use.
func InverseUpperFactorInto(dst, a *Matrix) error {
	n := a.square("InverseUpperFactor")
	dst.shape("InverseUpperFactor", n, n)
	if dst != a {
		copy(dst.Data, a.Data)
	}
	dst.mirrorLower()
	slices.Reverse(dst.Data) // J·a·J is a read backwards
	for i := range n {
		clear(dst.Data[i*n+i+1 : (i+1)*n])
	}
	if err := choleskyInPlace(dst); err != nil {
		switch e := err.(type) {
		case *NotPositiveDefiniteError:
			e.Pivot = n - 1 - e.Pivot
		case *NonFiniteError:
			e.Row, e.Col = n-1-e.Col, n-1-e.Row
		}
		return err
	}
	invertLower(dst)
	slices.Reverse(dst.Data)
	return dst.checkFinite()
}
