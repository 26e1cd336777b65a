package linalg

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// gramTokens is how many tokens are summed in float32 before the sum goes to float64: enough to run
// at the speed of the float32 kernel, few enough that rounding stays near 256·2⁻²⁴ ≈ 2e-5 at worst.
const gramTokens = 256

// Largest tile of the output: its float32 sum (256 KiB) stays in the second-level cache between the
// product and its addition, and packing two operands of that size costs little beside the product.
const (
	gramRows = 128
	gramCols = 512
)

// AddGram adds xᵀ·x to the symmetric matrix h [c, c] for x [n, c]. Products of up to 256 tokens are
// summed in float32, those sums in float64. Only the lower triangle of h is read; the result is
// exactly symmetric.
func AddGram(h *Matrix, x *tensor.Tensor) {
	tensor.CheckShape("linalg.AddGram", x, tensor.AnyDim, tensor.AnyDim)
	c := x.Dim(1)
	h.shape("AddGram", c, c)
	strips := (c + gramRows - 1) / gramRows
	parallel.For(strips, 1, func(lo, hi int) {
		sum := make([]float32, gramRows*gramCols)
		for s := lo; s < hi; s++ {
			i := (strips - 1 - s) * gramRows // the long strips first: the small ones even out the end
			rows := min(gramRows, c-i)
			for j := 0; j < i+rows; j += gramCols {
				addProductTN(h, x, x, i, j, rows, min(gramCols, i+rows-j), sum)
			}
		}
	})
	h.mirrorLower()
}

// AddCross adds yᵀ·x to m [r, c] for y [n, r] and x [n, c], with the precision of AddGram.
func AddCross(m *Matrix, y, x *tensor.Tensor) {
	tensor.CheckShape("linalg.AddCross", y, x.Dim(0), tensor.AnyDim)
	tensor.CheckShape("linalg.AddCross", x, tensor.AnyDim, tensor.AnyDim)
	r, c := y.Dim(1), x.Dim(1)
	m.shape("AddCross", r, c)
	h, w := tile(r, c, x.Dim(0))
	h, w = min(h, gramRows), min(w, gramCols)
	across, down := (c+w-1)/w, (r+h-1)/h
	parallel.For(across*down, 1, func(lo, hi int) {
		sum := make([]float32, h*w)
		for t := lo; t < hi; t++ {
			i, j := t/across*h, t%across*w
			addProductTN(m, y, x, i, j, min(h, r-i), min(w, c-j), sum)
		}
	})
}

// addProductTN adds rows × cols elements of yᵀ·x, from [i, j] on, to m; sum is scratch memory.
func addProductTN(m *Matrix, y, x *tensor.Tensor, i, j, rows, cols int, sum []float32) {
	r, c := y.Dim(1), x.Dim(1)
	for t := 0; t < x.Dim(0); t += gramTokens {
		k := min(gramTokens, x.Dim(0)-t)
		asm.Gemm(1, asm.MatrixOf(y.Data()[t*r+i:], k, rows, r).T(), asm.MatrixOf(x.Data()[t*c+j:], k, cols, c),
			0, asm.MatrixOf(sum, rows, cols, cols))
		for a := range rows {
			dst := m.Data[(i+a)*m.Cols+j : (i+a)*m.Cols+j+cols]
			for b, v := range sum[a*cols : (a+1)*cols] {
				dst[b] += float64(v)
			}
		}
	}
}
