package linalg

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

// invert overwrites L with its inverse, by means of the inverses of its leaves. With S the square
// between the halves L₁ and L₂, the square of the inverse is −L₂⁻¹·S·L₁⁻¹.
func (t triangle) invert() {
	if t.n <= leaf {
		for i := range t.n {
			copy(t.a[i*t.ld:i*t.ld+i+1], t.inverse[i*leaf:])
		}
		return
	}
	first, second, square := t.split()
	second.solve(false, square, first.n, t.ld)
	first.solveRight(false, square, second.n, t.ld)
	for i := range second.n {
		row := square[i*t.ld : i*t.ld+first.n]
		for j, v := range row {
			row[j] = -v
		}
	}
	first.invert()
	second.invert()
}

// timesTransposed overwrites t, an inverse as invert leaves it, with the lower triangle of tᵀ·t.
func (t triangle) timesTransposed() {
	if t.n <= leaf {
		gemm(true, false, t.n, t.n, t.n, 1, t.inverse, leaf, t.inverse, leaf, 0, t.a, t.ld)
		return
	}
	first, second, square := t.split()
	first.timesTransposed()
	inLowerTiles(first.n, second.n, func(r rect) {
		gemm(true, false, r.rows, r.cols, second.n, 1, square[r.i:], t.ld, square[r.j:], t.ld, 1, t.a[r.i*t.ld+r.j:], t.ld)
	})
	second.multiplyT(square, first.n, t.ld)
	second.timesTransposed()
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
	first, second, square := t.split()
	below := b[first.n*ldb:]
	first.multiplyTStrip(b, cols, ldb, scratch)
	gemm(true, false, first.n, cols, second.n, 1, square, t.ld, below, ldb, 1, b, ldb)
	second.multiplyTStrip(below, cols, ldb, scratch)
}
