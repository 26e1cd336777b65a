package linalg

import "github.com/adagp/adagp/asm"

// SolveLower returns X with l·X = b, for l [n, n] lower triangular (what lies above its diagonal is
// not read) and b [n, r]. A zero on the diagonal makes elements of X infinite or NaN.
func SolveLower(l, b *Matrix) *Matrix { return solveTriangular("SolveLower", false, l, b) }

// SolveLowerT returns X with lᵀ·X = b, for l as in SolveLower.
func SolveLowerT(l, b *Matrix) *Matrix { return solveTriangular("SolveLowerT", true, l, b) }

func solveTriangular(op string, transposed bool, l, b *Matrix) *Matrix {
	n := l.square(op)
	b.shape(op, n, b.Cols)
	x := b.Clone()
	withScratch(inversesSize(n), func(inverses []float64) {
		t := triangle{a: l.Data, n: n, ld: n, inverse: inverses}
		t.setInverses()
		t.solve(transposed, x.Data, x.Cols, x.Cols)
	})
	return x
}

// invert overwrites t with its inverse, by means of the inverses of its leaves. With S the square
// between the halves L₁ and L₂, the square of the inverse is −L₂⁻¹·S·L₁⁻¹.
func (t triangle) invert() {
	if t.n <= leaf {
		for i := range t.n {
			copy(t.a[i*t.ld:i*t.ld+t.n], t.inverse[i*leaf:])
		}
		return
	}
	h := t.split()
	h.second.solve(false, h.square, h.first.n, t.ld)
	h.first.solveRight(-1, false, h.square, h.second.n, t.ld)
	h.first.invert()
	h.second.invert()
}

// timesTransposed overwrites t, a lower triangle that is an inverse as invert leaves it, with the lower
// triangle of tᵀ·t.
func (t triangle) timesTransposed() {
	if t.n <= leaf {
		asm.Gemm(1, view(t.inverse, t.n, t.n, leaf).T(), view(t.inverse, t.n, t.n, leaf), 0, view(t.a, t.n, t.n, t.ld))
		return
	}
	h := t.split()
	h.first.timesTransposed()
	inLowerTiles(h.first.n, h.second.n, func(r rect) {
		asm.Gemm(1, view(h.square[r.i:], h.second.n, r.rows, t.ld).T(), view(h.square[r.j:], h.second.n, r.cols, t.ld), 1, view(t.a[r.i*t.ld+r.j:], r.rows, r.cols, t.ld))
	})
	h.second.multiplyT(h.square, h.first.n, t.ld)
	h.second.timesTransposed()
}

// multiplyT overwrites b [n, cols] with tᵀ·b, for t an inverse as invert leaves it.
func (t triangle) multiplyT(b []float64, cols, ldb int) {
	inStrips(cols, t.n*t.n/2, func(lo, hi int) {
		withScratch(leaf*(hi-lo), func(scratch []float64) { t.multiplyTStrip(b[lo:], hi-lo, ldb, scratch) })
	})
}

func (t triangle) multiplyTStrip(b []float64, cols, ldb int, scratch []float64) {
	if t.n <= leaf {
		t.solveStrip(true, b, cols, ldb, scratch) // the leaf itself is what its inverse is solved with
		return
	}
	h := t.split()
	b1, b2 := b[h.at1*ldb:], b[h.at2*ldb:]
	h.first.multiplyTStrip(b1, cols, ldb, scratch)
	asm.Gemm(1, view(h.square, h.second.n, h.first.n, t.ld).T(), view(b2, h.second.n, cols, ldb), 1, view(b1, h.first.n, cols, ldb))
	h.second.multiplyTStrip(b2, cols, ldb, scratch)
}
