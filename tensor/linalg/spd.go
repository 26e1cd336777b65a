package linalg

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
	if err := b.CheckFinite(); err != nil {
		return err
	}
	err := a.factorise(false, func(l triangle) {
		l.solve(false, b.Data, b.Cols, b.Cols)
		l.solve(true, b.Data, b.Cols, b.Cols)
	})
	if err != nil {
		return err
	}
	a.clearTriangle(true)
	return b.CheckFinite()
}

// InverseSPD returns the inverse of the symmetric positive definite matrix a, of which only the lower
// triangle is read. The result is exactly symmetric.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func InverseSPD(a *Matrix) (*Matrix, error) {
	inv := a.Clone()
	if err := inv.factorise(false, func(l triangle) { l.invert(); l.timesTransposed() }); err != nil {
		return nil, err
	}
	inv.mirrorLower()
	if err := inv.CheckFinite(); err != nil {
		return nil, err
	}
	return inv, nil
}

// InverseUpperFactor returns the upper triangular U with positive diagonal and UᵀU = a⁻¹, for a
// symmetric positive definite, of which only the upper triangle is read.
//
// The Cholesky factorisation that starts from the last row and column gives a = R·Rᵀ with R upper
// triangular, so U = R⁻¹. One factorisation and one triangular inverse: half the work of factoring a,
// inverting it and factoring the inverse, and without the loss of digits that the explicit inverse of an
// ill-conditioned matrix brings.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func InverseUpperFactor(a *Matrix) (*Matrix, error) {
	u := New(a.Rows, a.Cols)
	if err := InverseUpperFactorInto(u, a); err != nil {
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
		for i := range n {
			copy(dst.Row(i)[i:], a.Row(i)[i:])
		}
	}
	if err := dst.factorise(true, triangle.invert); err != nil {
		return err
	}
	dst.clearTriangle(false)
	return dst.checkTriangle(true)
}
