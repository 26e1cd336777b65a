package linalg

import (
	"cmp"
	"slices"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// lowerTile is the largest square on the diagonal of a lower triangle that is computed as a whole: the
// half of it that is not needed costs less than the packing for smaller ones would.
const lowerTile = 2 * leaf

// rect is a part of a matrix.
type rect struct{ i, j, rows, cols int }

// lowerTiles returns parts that cover the lower triangle of an n × n product over k: squares on the
// diagonal, and below them what tile makes of ever larger ones.
func lowerTiles(n, k int) []rect {
	var parts []rect
	var cover func(i, n int)
	cover = func(i, n int) {
		if n <= lowerTile {
			parts = append(parts, rect{i, i, n, n})
			return
		}
		h := roundUp(n/2, leaf)
		cover(i, h)
		height, width := tile(n-h, h, k)
		for r := h; r < n; r += height {
			for c := 0; c < h; c += width {
				parts = append(parts, rect{i + r, i + c, min(height, n-r), min(width, h-c)})
			}
		}
		cover(i+h, n-h)
	}
	cover(0, n)
	return parts
}

// inLowerTiles calls body for parts that cover the lower triangle of an n × n product over k, in
// parallel; those on the diagonal reach beyond it.
func inLowerTiles(n, k int, body func(r rect)) {
	if n == 0 {
		return
	}
	parts := lowerTiles(n, k)
	// Large ones first: the small ones even out the end. Hands take every hands-th part.
	hands := min(4*parallel.Threads(), len(parts))
	if hands > 1 {
		slices.SortStableFunc(parts, func(a, b rect) int { return cmp.Compare(b.rows*b.cols, a.rows*a.cols) })
	}
	parallel.For(hands, 1, func(lo, hi int) {
		for h := lo; h < hi; h++ {
			for p := h; p < len(parts); p += hands {
				body(parts[p])
			}
		}
	})
}

// mulNTTriangle sets the lower or the upper triangle of c [n, n] to alpha·a·bᵀ + beta·c, for a and b
// [n, k] with leading dimension ld. It also writes to the other halves of the squares on the diagonal.
func mulNTTriangle(upper bool, c []float64, n, ldc int, alpha float64, a, b []float64, k, ld int, beta float64) {
	inLowerTiles(n, k, func(r rect) {
		if upper {
			r = rect{r.j, r.i, r.cols, r.rows}
		}
		asm.Gemm(alpha, view(a[r.i*ld:], r.rows, k, ld), view(b[r.j*ld:], r.cols, k, ld).T(), beta, view(c[r.i*ldc+r.j:], r.rows, r.cols, ldc))
	})
}
