package linalg

import (
	"sync"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// leaf is the size of the blocks on the diagonal of a triangle that are handled column by column: a
// multiple of the register tiles of all kernels (6×8, 12×16), so that the products around them fill
// these.
const leaf = 48

// triangle is a lower triangular matrix L, or an upper one, or a matrix whose triangle is to become that.
// The other triangle is never read, but blocks on the diagonal may be written as a whole.
//
// Everything is done by halves: what concerns the first half, a product with the square between the
// halves, what concerns the second. All work but that in the leaves is then in products, most of it in
// large ones. In the leaves, solving is a product as well, with the inverse of the leaf: as backward
// stable as substitution for triangles that small, and five times as fast.
//
// An upper triangle is a lower one with rows and columns in reverse order: its first half is the last
// in memory, and otherwise all formulas are the same.
type triangle struct {
	a       []float64 // L; a row has ld elements
	n, ld   int
	upper   bool
	inverse []float64 // inverses of the leaves [n rounded up, leaf], first to last; see invertLeaf
}

// inversesSize returns the number of elements of triangle.inverse.
func inversesSize(n int) int { return roundUp(n, leaf) * leaf }

// halves are the parts of a triangle.
type halves struct {
	first, second triangle
	square        []float64 // [second.n, first.n]
	at1, at2      int       // rows and columns at which the halves start
}

// split returns the halves of t, the first a whole number of leaves.
func (t triangle) split() halves {
	h := halves{first: t, second: t}
	h.first.n = roundUp(t.n/2, leaf)
	h.second.n = t.n - h.first.n
	if t.upper {
		h.at1 = h.second.n
	} else {
		h.at2 = h.first.n
	}
	h.first.a, h.second.a = t.a[h.at1*(t.ld+1):], t.a[h.at2*(t.ld+1):]
	h.second.inverse = t.inverse[h.first.n*leaf:]
	h.square = t.a[h.at2*t.ld+h.at1:]
	return h
}

// setInverses fills in the inverses of the leaves of a lower triangle.
func (t triangle) setInverses() {
	parallel.For((t.n+leaf-1)/leaf, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			i := b * leaf
			triangle{a: t.a[i*(t.ld+1):], n: min(leaf, t.n-i), ld: t.ld, inverse: t.inverse[i*leaf:]}.invertLeaf()
		}
	})
}

// invertLeaf sets t.inverse, with rows of leaf elements, to the inverse of t, which is a leaf, with
// zeros in the other triangle.
func (t triangle) invertLeaf() {
	x := t.inverse
	for k := range t.n {
		i, at := k, 0 // row i of the inverse follows from k others, which start at row and column at
		if t.upper {
			i = t.n - 1 - k
			at = i + 1
		}
		row := x[i*leaf : i*leaf+t.n]
		clear(row)
		r := 1 / t.a[i*t.ld+i]
		asm.Gemm(-r, view(t.a[i*t.ld+at:], 1, k, t.ld), view(from(x, at*leaf+at), k, k, leaf), 0, view(row[at:], 1, k, leaf))
		row[i] = r
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
		asm.Gemm(1, turned(view(t.inverse, t.n, t.n, leaf), transposed), view(scratch, t.n, cols, cols), 0, view(b, t.n, cols, ldb))
		return
	}
	h := t.split()
	b1, b2 := b[h.at1*ldb:], b[h.at2*ldb:]
	if transposed {
		h.second.solveStrip(true, b2, cols, ldb, scratch)
		asm.Gemm(-1, view(h.square, h.second.n, h.first.n, t.ld).T(), view(b2, h.second.n, cols, ldb), 1, view(b1, h.first.n, cols, ldb))
		h.first.solveStrip(true, b1, cols, ldb, scratch)
		return
	}
	h.first.solveStrip(false, b1, cols, ldb, scratch)
	asm.Gemm(-1, view(h.square, h.second.n, h.first.n, t.ld), view(b1, h.first.n, cols, ldb), 1, view(b2, h.second.n, cols, ldb))
	h.second.solveStrip(false, b2, cols, ldb, scratch)
}

// solveRight overwrites b [rows, n] with sign·b·L⁻¹, or with sign·b·L⁻ᵀ, for sign 1 or -1.
func (t triangle) solveRight(sign float64, transposed bool, b []float64, rows, ldb int) {
	inStrips(rows, t.n*t.n/2, func(lo, hi int) {
		withScratch(leaf*(hi-lo), func(scratch []float64) {
			t.solveRightStrip(sign, transposed, b[lo*ldb:], hi-lo, ldb, scratch)
		})
	})
}

func (t triangle) solveRightStrip(sign float64, transposed bool, b []float64, rows, ldb int, scratch []float64) {
	if t.n <= leaf {
		for i := range rows {
			copy(scratch[i*t.n:(i+1)*t.n], b[i*ldb:])
		}
		asm.Gemm(sign, view(scratch, rows, t.n, t.n), turned(view(t.inverse, t.n, t.n, leaf), transposed), 0, view(b, rows, t.n, ldb))
		return
	}
	h := t.split()
	b1, b2 := b[h.at1:], b[h.at2:]
	if transposed {
		h.first.solveRightStrip(sign, true, b1, rows, ldb, scratch)
		asm.Gemm(-sign, view(b1, rows, h.first.n, ldb), view(h.square, h.second.n, h.first.n, t.ld).T(), 1, view(b2, rows, h.second.n, ldb))
		h.second.solveRightStrip(sign, true, b2, rows, ldb, scratch)
		return
	}
	h.second.solveRightStrip(sign, false, b2, rows, ldb, scratch)
	asm.Gemm(-sign, view(b2, rows, h.second.n, ldb), view(h.square, h.second.n, h.first.n, t.ld), 1, view(b1, rows, h.first.n, ldb))
	h.first.solveRightStrip(sign, false, b1, rows, ldb, scratch)
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
