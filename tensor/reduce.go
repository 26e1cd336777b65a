package tensor

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// sumBlock is where long sums are cut: each block is summed by itself and the
// block sums are added in order. The cut is fixed, so a sum does not depend on
// the number of threads.
const sumBlock = 1 << 16

// Sum returns the sum of all elements, accumulated in float64.
func Sum(x *Tensor) float64 {
	return blockwise(x.Len(), func(lo, hi int) float64 { return asm.Sum(x.data[lo:hi]) })
}

// Mean returns the mean of all elements, NaN if there are none.
func Mean(x *Tensor) float64 { return Sum(x) / float64(x.Len()) }

// SumSquares returns the sum of the squares of all elements, accumulated in
// float64.
func SumSquares(x *Tensor) float64 {
	return blockwise(x.Len(), func(lo, hi int) float64 { return asm.SumSquares(x.data[lo:hi]) })
}

// Dot returns the sum of the products of elements of a and b, which must have
// the same shape, accumulated in float64.
func Dot(a, b *Tensor) float64 {
	checkSame("Dot", a, b)
	return blockwise(a.Len(), func(lo, hi int) float64 { return asm.DotWide(a.data[lo:hi], b.data[lo:hi]) })
}

func blockwise(n int, part func(lo, hi int) float64) float64 {
	if n <= sumBlock {
		return part(0, n)
	}
	blocks := (n + sumBlock - 1) / sumBlock
	sums := make([]float64, blocks)
	parallel.For(blocks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			sums[i] = part(i*sumBlock, min((i+1)*sumBlock, n))
		}
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return total
}

// MaxAbs returns the largest absolute value, 0 if there are no elements and NaN
// if one of them is NaN.
func MaxAbs(x *Tensor) float32 {
	blocks := (x.Len() + sumBlock - 1) / sumBlock
	largest := make([]float32, blocks)
	parallel.For(blocks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			largest[i] = asm.MaxAbs(x.data[i*sumBlock : min((i+1)*sumBlock, x.Len())])
		}
	})
	return asm.MaxAbs(largest)
}

// SumRows returns the sum over the first dimension: x [n, c] gives [c].
func SumRows(x *Tensor) *Tensor {
	CheckShape("SumRows", x, AnyDim, AnyDim)
	n, c := x.shape[0], x.shape[1]
	dst := New(c)
	// Columns are split, so each sum runs over the rows in order.
	parallel.For(c, max(16, elementGrain/max(1, n)), func(lo, hi int) {
		wide := make([]float64, hi-lo)
		for i := range n {
			row := x.data[i*c+lo : i*c+hi]
			for j, v := range row {
				wide[j] += float64(v)
			}
		}
		for j, v := range wide {
			dst.data[lo+j] = float32(v)
		}
	})
	return dst
}

// ArgMax returns the index of the largest element of row, the first one among
// equals, and -1 for an empty row. NaN counts as smaller than everything.
func ArgMax(row []float32) int {
	best := -1
	top := float32(math.Inf(-1))
	for i, v := range row {
		if v > top || best < 0 && v == v {
			best, top = i, v
		}
	}
	if best < 0 && len(row) > 0 {
		return 0
	}
	return best
}
