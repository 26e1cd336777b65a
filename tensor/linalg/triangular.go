package linalg

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// stripCols is the number of right-hand sides that one core solves for at a time.
const stripCols = 64

// SolveLower returns X with l·X = b, for l [n, n] lower triangular (what lies above its diagonal is
// not read) and b [n, r].
func SolveLower(l, b *Matrix) *Matrix { return solveTriangular("SolveLower", l, b, forward) }

// SolveUpper returns X with u·X = b, for u [n, n] upper triangular (what lies below its diagonal is
// not read) and b [n, r].
func SolveUpper(u, b *Matrix) *Matrix { return solveTriangular("SolveUpper", u, b, backward) }

// SolveLowerT returns X with lᵀ·X = b, for l [n, n] lower triangular and b [n, r].
func SolveLowerT(l, b *Matrix) *Matrix { return solveTriangular("SolveLowerT", l, b, backwardT) }

// substitution solves for a strip of cols right-hand sides in place, where the triangle is at t and
// rows before first are known to stay zero.
type substitution func(t []float64, n, ldt int, x []float64, cols, ldx, first int)

func solveTriangular(op string, t, b *Matrix, solve substitution) *Matrix {
	n := t.square(op)
	b.shape(op, n, b.Cols)
	x := b.Clone()
	inStrips(x, func(strip []float64, cols, _ int) { solve(t.Data, n, n, strip, cols, x.Cols, 0) })
	return x
}

// inStrips calls body for strips of the columns of x, in parallel.
func inStrips(x *Matrix, body func(strip []float64, cols, first int)) {
	strips := (x.Cols + stripCols - 1) / stripCols
	parallel.For(strips, grainFor(x.Rows*x.Rows*stripCols), func(lo, hi int) {
		for s := lo; s < hi; s++ {
			j := s * stripCols
			body(from(x.Data, j), min(stripCols, x.Cols-j), j)
		}
	})
}

// forward overwrites x with L⁻¹·x.
func forward(l []float64, n, ldl int, x []float64, cols, ldx, first int) {
	for i := first; i < n; i += smallBlock {
		nb := min(smallBlock, n-i)
		gemm(false, false, nb, cols, i-first, -1, l[i*ldl+first:], ldl, x[first*ldx:], ldx, 1, x[i*ldx:], ldx)
		for r := i; r < i+nb; r++ {
			row := x[r*ldx : r*ldx+cols]
			for k := i; k < r; k++ {
				asm.Axpy64(-l[r*ldl+k], x[k*ldx:k*ldx+cols], row)
			}
			divide(row, l[r*ldl+r])
		}
	}
}

// backward overwrites x with U⁻¹·x.
func backward(u []float64, n, ldu int, x []float64, cols, ldx, _ int) {
	for end := n; end > 0; {
		i := (end - 1) / smallBlock * smallBlock
		if end < n {
			gemm(false, false, end-i, cols, n-end, -1, u[i*ldu+end:], ldu, x[end*ldx:], ldx, 1, x[i*ldx:], ldx)
		}
		for r := end - 1; r >= i; r-- {
			row := x[r*ldx : r*ldx+cols]
			for k := r + 1; k < end; k++ {
				asm.Axpy64(-u[r*ldu+k], x[k*ldx:k*ldx+cols], row)
			}
			divide(row, u[r*ldu+r])
		}
		end = i
	}
}

// backwardT overwrites x with L⁻ᵀ·x.
func backwardT(l []float64, n, ldl int, x []float64, cols, ldx, _ int) {
	for end := n; end > 0; {
		i := (end - 1) / smallBlock * smallBlock
		if end < n {
			gemm(true, false, end-i, cols, n-end, -1, l[end*ldl+i:], ldl, x[end*ldx:], ldx, 1, x[i*ldx:], ldx)
		}
		for r := end - 1; r >= i; r-- {
			row := x[r*ldx : r*ldx+cols]
			for k := r + 1; k < end; k++ {
				asm.Axpy64(-l[k*ldl+r], x[k*ldx:k*ldx+cols], row)
			}
			divide(row, l[r*ldl+r])
		}
		end = i
	}
}

func divide(row []float64, d float64) {
	for j := range row {
		row[j] /= d
	}
}

// inverseLower returns L⁻¹ of the lower triangle l. Column strips of the inverse are independent of
// each other: each solves L·X = E for its columns of the identity, from its first row down.
func inverseLower(l *Matrix) *Matrix {
	n := l.Rows
	x := Identity(n)
	inStrips(x, func(strip []float64, cols, first int) {
		forward(l.Data, n, n, strip, cols, n, first)
	})
	return x
}
