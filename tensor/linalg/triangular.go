package linalg

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// SolveLower returns X with l·X = b, for l [n, n] lower triangular (what lies above its diagonal is
// not read) and b [n, r]. A zero on the diagonal makes elements of X infinite or NaN.
func SolveLower(l, b *Matrix) *Matrix { return solveTriangular("SolveLower", l, b, forward) }

// SolveUpper returns X with u·X = b, for u [n, n] upper triangular (what lies below its diagonal is
// not read) and b [n, r]. A zero on the diagonal makes elements of X infinite or NaN.
func SolveUpper(u, b *Matrix) *Matrix { return solveTriangular("SolveUpper", u, b, backward) }

// SolveLowerT returns X with lᵀ·X = b, for l as in SolveLower.
func SolveLowerT(l, b *Matrix) *Matrix { return solveTriangular("SolveLowerT", l, b, backwardT) }

// substitution overwrites x [n, cols] with the solution for the n × n triangle at t.
type substitution func(t []float64, n, ldt int, x []float64, cols, ldx int)

func solveTriangular(op string, t, b *Matrix, step substitution) *Matrix {
	n := t.square(op)
	b.shape(op, n, b.Cols)
	x := b.Clone()
	substitute(t, x, step)
	return x
}

// substitute applies the steps to x [n, r], in strips of columns, which are independent: about two for
// each core, wide enough for the triangle not to be packed more often than needed.
func substitute(t, x *Matrix, steps ...substitution) {
	n := t.Rows
	_, w := tile(1, x.Cols, n*n/2)
	parallel.For((x.Cols+w-1)/w, 1, func(lo, hi int) {
		for s := lo; s < hi; s++ {
			for _, step := range steps {
				step(t.Data, n, n, from(x.Data, s*w), min(w, x.Cols-s*w), x.Cols)
			}
		}
	})
}

// The substitutions halve the triangle until it is small: solve with one half, subtract what the
// solution contributes to the other half, solve with that. All but the smallest parts are products.

// forward overwrites x with L⁻¹·x.
func forward(l []float64, n, ldl int, x []float64, cols, ldx int) {
	if n > smallBlock {
		h := halve(n)
		forward(l, h, ldl, x, cols, ldx)
		gemm(false, false, n-h, cols, h, -1, l[h*ldl:], ldl, x, ldx, 1, x[h*ldx:], ldx)
		forward(l[h*ldl+h:], n-h, ldl, x[h*ldx:], cols, ldx)
		return
	}
	for r := range n {
		row := x[r*ldx : r*ldx+cols]
		for k, v := range l[r*ldl : r*ldl+r] {
			asm.Axpy64(-v, x[k*ldx:k*ldx+cols], row)
		}
		divide(row, l[r*ldl+r])
	}
}

// backward overwrites x with U⁻¹·x.
func backward(u []float64, n, ldu int, x []float64, cols, ldx int) {
	if n > smallBlock {
		h := halve(n)
		backward(u[h*ldu+h:], n-h, ldu, x[h*ldx:], cols, ldx)
		gemm(false, false, h, cols, n-h, -1, u[h:], ldu, x[h*ldx:], ldx, 1, x, ldx)
		backward(u, h, ldu, x, cols, ldx)
		return
	}
	for r := n - 1; r >= 0; r-- {
		row := x[r*ldx : r*ldx+cols]
		for k := r + 1; k < n; k++ {
			asm.Axpy64(-u[r*ldu+k], x[k*ldx:k*ldx+cols], row)
		}
		divide(row, u[r*ldu+r])
	}
}

// backwardT overwrites x with L⁻ᵀ·x.
func backwardT(l []float64, n, ldl int, x []float64, cols, ldx int) {
	if n > smallBlock {
		h := halve(n)
		backwardT(l[h*ldl+h:], n-h, ldl, x[h*ldx:], cols, ldx)
		gemm(true, false, h, cols, n-h, -1, l[h*ldl:], ldl, x[h*ldx:], ldx, 1, x, ldx)
		backwardT(l, h, ldl, x, cols, ldx)
		return
	}
	for r := n - 1; r >= 0; r-- {
		row := x[r*ldx : r*ldx+cols]
		for k := r + 1; k < n; k++ {
			asm.Axpy64(-l[k*ldl+r], x[k*ldx:k*ldx+cols], row)
		}
		divide(row, l[r*ldl+r])
	}
}

func divide(row []float64, d float64) {
	for j := range row {
		row[j] /= d
	}
}

// inverseStrip is the number of columns of a triangular inverse that one core computes at a time.
const inverseStrip = 128

// invertLower overwrites the lower triangular l with its inverse. Column strips of the inverse depend
// on the columns of l from their own on: each is the solution for a strip of the identity, from its
// first row down. They are computed from the left, one per core at a time beside the matrix, and then
// take the place of columns that are not needed any more.
func invertLower(l *Matrix) {
	n := l.Rows
	batch := min(2*parallel.Threads(), (n+inverseStrip-1)/inverseStrip)
	strips := make([]float64, n*inverseStrip*batch)
	for first := 0; first < n; first += batch * inverseStrip {
		count := min(batch, (n-first+inverseStrip-1)/inverseStrip)
		parallel.For(count, 1, func(lo, hi int) {
			for s := lo; s < hi; s++ {
				j := first + s*inverseStrip
				w := min(inverseStrip, n-j)
				x := strips[s*n*inverseStrip:][:(n-j)*w]
				clear(x)
				for k := range w {
					x[k*w+k] = 1
				}
				forward(l.Data[j*n+j:], n-j, n, x, w, w)
			}
		})
		for s := range count {
			j := first + s*inverseStrip
			w := min(inverseStrip, n-j)
			x := strips[s*n*inverseStrip:]
			for i := j; i < n; i++ {
				copy(l.Data[i*n+j:i*n+j+w], x[(i-j)*w:])
			}
		}
	}
}
