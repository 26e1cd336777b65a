package linalg

import "math"

// Cholesky returns the lower triangular L with positive diagonal and L·Lᵀ = a. Only the lower
// triangle of the symmetric matrix a is read.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func Cholesky(a *Matrix) (*Matrix, error) {
	n := a.square("Cholesky")
	l := New(n, n)
	for i := range n {
		copy(l.Data[i*n:i*n+i+1], a.Data[i*n:i*n+i+1])
	}
	var err error
	withScratch(inversesSize(n), func(inverses []float64) { _, err = factorise(l, inverses) })
	if err != nil {
		return nil, err
	}
	l.clearUpper()
	return l, nil
}

// factorise overwrites the lower triangle of a with its Cholesky factor and that with inverses of the
// leaves in the memory given; above the diagonal it leaves anything.
func factorise(a *Matrix, inverses []float64) (triangle, error) {
	n := a.Rows
	t := triangle{a: a.Data, n: n, ld: n, inverse: inverses}
	if err := a.checkFiniteLower(); err != nil {
		return t, err
	}
	if i := t.factor(); i >= 0 {
		v := a.Data[i*n+i]
		if v-v != 0 {
			return t, &NonFiniteError{Row: i, Col: i, Value: v}
		}
		return t, &NotPositiveDefiniteError{Pivot: i, Value: v}
	}
	// No factor that overflowed gets here: an element of L that is not finite spoils its row's pivot.
	return t, nil
}

// factor overwrites the triangle of a symmetric matrix with its Cholesky factor, and sets the inverses
// of the leaves. It returns the index of the first pivot that is not a positive number, or -1.
//
// With L₁ the factor of the first half, that of the square S is S·L₁⁻ᵀ, and what its outer product
// leaves of the second half is factored in its turn.
func (t triangle) factor() int {
	if t.n <= leaf {
		i := factorLeaf(t.a, t.n, t.ld)
		if i < 0 {
			invertLeaf(t.inverse, t.a, t.n, t.ld)
		}
		return i
	}
	first, second, square := t.split()
	if i := first.factor(); i >= 0 {
		return i
	}
	first.solveRight(true, square, second.n, t.ld)
	mulNTLower(second.a, second.n, t.ld, -1, square, square, first.n, t.ld, 1)
	if i := second.factor(); i >= 0 {
		return first.n + i
	}
	return -1
}

// factorLeaf is factor for n × n elements, column by column.
func factorLeaf(a []float64, n, ld int) int {
	for j := range n {
		column := a[j*ld+j:]
		gemm(false, true, n-j, 1, j, -1, a[j*ld:], ld, a[j*ld:], ld, 1, column, ld)
		pivot := column[0]
		if !(pivot > 0) || math.IsInf(pivot, 1) {
			return j
		}
		root := math.Sqrt(pivot)
		column[0] = root
		for i := 1; i < n-j; i++ {
			column[i*ld] /= root
		}
	}
	return -1
}

// clearUpper sets what lies above the diagonal of a square matrix to zero.
func (m *Matrix) clearUpper() {
	for i := range m.Rows {
		clear(m.Row(i)[i+1:])
	}
}
