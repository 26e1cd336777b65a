package linalg

import ()

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
	var err error
	withScratch(inversesSize(n), func(inverses []float64) {
		var l triangle
		if l, err = factorise(a, inverses); err == nil {
			l.solve(false, b.Data, b.Cols, b.Cols)
			l.solve(true, b.Data, b.Cols, b.Cols)
		}
	})
	if err != nil {
		return err
	}
	a.clearUpper()
	return b.checkFinite()
}

// InverseSPD returns the inverse of the symmetric positive definite matrix a, of which only the lower
// triangle is read. The result is exactly symmetric.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func InverseSPD(a *Matrix) (*Matrix, error) {
	inv := a.Clone()
	if err := inv.invertFactor(triangle.timesTransposed); err != nil {
		return nil, err
	}
	inv.mirrorLower()
	if err := inv.checkFinite(); err != nil {
		return nil, err
	}
	return inv, nil
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
	dst.flipLower()
	if err := dst.invertFactor(nil); err != nil {
		switch e := err.(type) {
		case *NotPositiveDefiniteError:
			e.Pivot = n - 1 - e.Pivot
		case *NonFiniteError:
			e.Row, e.Col = n-1-e.Col, n-1-e.Row
		}
		return err
	}
	dst.reverseLower()
	return dst.checkFinite()
}

// invertFactor overwrites the lower triangle of m, symmetric positive definite, with the inverse of its
// Cholesky factor, and lets then, unless nil, work on that; above the diagonal it leaves anything.
func (m *Matrix) invertFactor(then func(inverse triangle)) (err error) {
	withScratch(inversesSize(m.Rows), func(inverses []float64) {
		var l triangle
		if l, err = factorise(m, inverses); err != nil {
			return
		}
		l.invert()
		if then != nil {
			then(l)
		}
	})
	return err
}
