package linalg

import (
	"math"

	"github.com/adagp/adagp/asm"
)

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
	if err := l.factorise(false, nil); err != nil {
		return nil, err
	}
	l.clearTriangle(true)
	return l, nil
}

// factorise overwrites the lower triangle of m, symmetric positive definite, with its Cholesky factor L,
// m = L·Lᵀ, or with upper the upper triangle with the R of m = R·Rᵀ, and lets then work on that unless
// nil. The other triangle is not read, and holds anything afterwards.
func (m *Matrix) factorise(upper bool, then func(factor triangle)) error {
	n := m.Rows
	if err := m.checkTriangle(upper); err != nil {
		return err
	}
	pivot := -1
	withScratch(inversesSize(n), func(inverses []float64) {
		t := triangle{a: m.Data, n: n, ld: n, upper: upper, inverse: inverses}
		if pivot = t.factor(); pivot < 0 && then != nil {
			then(t)
		}
	})
	if pivot < 0 {
		// No factor that overflowed gets here: an element that is not finite spoils its row's pivot.
		return nil
	}
	if v := m.At(pivot, pivot); v-v == 0 {
		return &NotPositiveDefiniteError{Pivot: pivot, Value: v}
	}
	return &NonFiniteError{Row: pivot, Col: pivot, Value: m.At(pivot, pivot)}
}

// factor overwrites the triangle of a symmetric matrix with its Cholesky factor, and sets the inverses
// of the leaves. It returns the index of the first pivot that is not a positive number, or -1.
//
// With L₁ the factor of the first half, that of the square S is S·L₁⁻ᵀ, and what its outer product
// leaves of the second half is factored in its turn.
func (t triangle) factor() int {
	if t.n <= leaf {
		i := t.factorLeaf()
		if i < 0 {
			t.invertLeaf()
		}
		return i
	}
	h := t.split()
	if i := h.first.factor(); i >= 0 {
		return h.at1 + i
	}
	h.first.solveRight(1, true, h.square, h.second.n, t.ld)
	mulNTTriangle(t.upper, h.second.a, h.second.n, t.ld, -1, h.square, h.square, h.first.n, t.ld, 1)
	if i := h.second.factor(); i >= 0 {
		return h.at2 + i
	}
	return -1
}

// factorLeaf is factor for a leaf, column by column.
func (t triangle) factorLeaf() int {
	n, ld := t.n, t.ld
	for k := range n {
		// Column j follows from k others, which start at column at, and reaches over rows top to bottom.
		j, at, top, bottom := k, 0, k, n
		if t.upper {
			j = n - 1 - k
			at, top, bottom = j+1, 0, j+1
		}
		asm.Gemm(-1, view(t.a[top*ld+at:], bottom-top, k, ld), view(t.a[j*ld+at:], 1, k, ld).T(), 1, view(t.a[top*ld+j:], bottom-top, 1, ld))
		pivot := t.a[j*ld+j]
		if !(pivot > 0) || math.IsInf(pivot, 1) {
			return j
		}
		root := math.Sqrt(pivot)
		r := 1 / root
		for i := top; i < bottom; i++ {
			t.a[i*ld+j] *= r
		}
		t.a[j*ld+j] = root
	}
	return -1
}

// clearTriangle sets what lies above the diagonal of a square matrix, or below it, to zero.
func (m *Matrix) clearTriangle(above bool) {
	for i := range m.Rows {
		if above {
			clear(m.Row(i)[i+1:])
		} else {
			clear(m.Row(i)[:i])
		}
	}
}
