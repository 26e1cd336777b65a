package linalg

import (
	"sync"

	"github.com/adagp/adagp/internal/parallel"
)

// leaf is the size of the blocks on the diagonal of a triangle that are handled column by column: a
// multiple of the register tiles of all kernels (6×8, 12×16), so that the products around them fill
// these.
const leaf = 48

// triangle is a lower triangular matrix L, or one that is to become the factor or the inverse of
// itself. What lies above the diagonal is never read, but blocks on the diagonal are written as a
// whole.
//
// Everything is done by halves: what concerns the first half, a product with the square between the
// halves, what concerns the second. All work but that in the leaves is then in products, most of it in
// large ones. In the leaves, solving is a product as well, with the inverse of the leaf: as backward
// stable as substitution for triangles that small, and five times as fast.
type triangle struct {
	a       []float64 // L; a row has ld elements
	n, ld   int
	inverse []float64 // inverses of the leaves [n rounded up, leaf], see setInverses
}

// inversesSize returns the number of elements of triangle.inverse.
func inversesSize(n int) int { return roundUp(n, leaf) * leaf }

// split returns both halves, the first a whole number of leaves, and the square below the first.
func (t triangle) split() (first, second triangle, square []float64) {
	h := roundUp(t.n/2, leaf)
	first, second = t, t
	first.n, second.n = h, t.n-h
	second.a, second.inverse = t.a[h*t.ld+h:], t.inverse[h*leaf:]
	return first, second, t.a[h*t.ld:]
}

// setInverses fills in the inverses of the leaves.
func (t triangle) setInverses() {
	parallel.For((t.n+leaf-1)/leaf, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			i := b * leaf
			invertLeaf(t.inverse[i*leaf:], t.a[i*t.ld+i:], min(leaf, t.n-i), t.ld)
		}
	})
}

// invertLeaf sets x, with rows of leaf elements, to the inverse of the n × n lower triangle at l, with
// zeros above the diagonal.
func invertLeaf(x, l []float64, n, ld int) {
	for i := range n {
		r := 1 / l[i*ld+i]
		gemm(false, false, 1, i, i, -r, l[i*ld:], ld, x, leaf, 0, x[i*leaf:], leaf)
		x[i*leaf+i] = r
		clear(x[i*leaf+i+1 : i*leaf+n])
	}
}

// solve overwrites b [n, cols] with L⁻¹·b, or with L⁻ᵀ·b.
func (t triangle) solve(transposed bool, b []float64, cols, ldb int) {
	inStrips(cols, t.n*t.n/2, func(lo, hi int) {
		withScratch(leaf*(hi-lo), func(scratch []float64) { t.solveStrip(transposed, b[lo:], hi-lo, ldb, scratch) })
	})
}

func (t triangle) solveStrip(transposed bool, b []float64, cols, ldb int, scratch []float64) {
	if t.n <= leaf {
		for i := range t.n {
			copy(scratch[i*cols:(i+1)*cols], b[i*ldb:])
		}
		gemm(transposed, false, t.n, cols, t.n, 1, t.inverse, leaf, scratch, cols, 0, b, ldb)
		return
	}
	first, second, square := t.split()
	below := b[first.n*ldb:]
	if transposed {
		second.solveStrip(true, below, cols, ldb, scratch)
		gemm(true, false, first.n, cols, second.n, -1, square, t.ld, below, ldb, 1, b, ldb)
		first.solveStrip(true, b, cols, ldb, scratch)
		return
	}
	first.solveStrip(false, b, cols, ldb, scratch)
	gemm(false, false, second.n, cols, first.n, -1, square, t.ld, b, ldb, 1, below, ldb)
	second.solveStrip(false, below, cols, ldb, scratch)
}

// solveRight overwrites b [rows, n] with b·L⁻¹, or with b·L⁻ᵀ.
func (t triangle) solveRight(transposed bool, b []float64, rows, ldb int) {
	inStrips(rows, t.n*t.n/2, func(lo, hi int) {
		withScratch(leaf*(hi-lo), func(scratch []float64) { t.solveRightStrip(transposed, b[lo*ldb:], hi-lo, ldb, scratch) })
	})
}

func (t triangle) solveRightStrip(transposed bool, b []float64, rows, ldb int, scratch []float64) {
	if t.n <= leaf {
		for i := range rows {
			copy(scratch[i*t.n:(i+1)*t.n], b[i*ldb:])
		}
		gemm(false, transposed, rows, t.n, t.n, 1, scratch, t.n, t.inverse, leaf, 0, b, ldb)
		return
	}
	first, second, square := t.split()
	right := b[first.n:]
	if transposed {
		first.solveRightStrip(true, b, rows, ldb, scratch)
		gemm(false, true, rows, second.n, first.n, -1, b, ldb, square, t.ld, 1, right, ldb)
		second.solveRightStrip(true, right, rows, ldb, scratch)
		return
	}
	second.solveRightStrip(false, right, rows, ldb, scratch)
	gemm(false, false, rows, first.n, second.n, -1, right, ldb, square, t.ld, 1, b, ldb)
	first.solveRightStrip(false, b, rows, ldb, scratch)
}

// inStrips cuts range [0, n) into strips of multiples of 16, each index of which is that many
// multiplications, and calls body for them in parallel.
func inStrips(n, work int, body func(lo, hi int)) {
	_, w := tile(1, n, work)
	parallel.For((n+w-1)/w, 1, func(first, last int) {
		for s := first; s < last; s++ {
			body(s*w, min((s+1)*w, n))
		}
	})
}

var scratchPool = sync.Pool{New: func() any { return new([]float64) }}

// withScratch calls body with n elements of memory, whatever they hold.
func withScratch(n int, body func(scratch []float64)) {
	p := scratchPool.Get().(*[]float64)
	if cap(*p) < n {
		*p = make([]float64, n)
	}
	body((*p)[:n])
	scratchPool.Put(p)
}
