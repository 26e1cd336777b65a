package tensor

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// multiplyRow sets dst [1, n] = a [1, k]·bᵀ for b [n, k]: what a linear layer does to one token. It
// takes as long as reading b.
func multiplyRow(dst, a, b *Tensor) {
	n, k := b.shape[0], b.shape[1]
	parallel.For(n, 1+minTileWork/max(1, k), func(lo, hi int) {
		asm.RowDots(asm.MatrixOf(b.data[lo*k:hi*k], hi-lo, k, k), a.data, dst.data[lo:hi])
	})
}
