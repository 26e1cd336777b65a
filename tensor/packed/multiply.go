package packed

import (
	"sync"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

const (
	// fewTokens is up to how many rows of x the kernels for decoding are used: they read the weights
	// once and widen them once per few tokens, which the packing of a full product has to catch up with.
	fewTokens = 16

	// grainBytes is how much of the stored weights is worth a thread of its own.
	grainBytes = 64 << 10

	// panelRows is how many rows of weights are widened at a time for a full product.
	panelRows = 96
)

// vectors are the inputs and outputs of a product with few tokens.
type vectors struct {
	n  int
	x  []float32 // [n, ld]
	ld int       // a multiple of asm.PackedColumns; what lies beyond the columns is zero
	y  []float32 // [n, out]
}

// multiply sets dst = x·Wᵀ: few tokens by rows, which computes the products with rows lo to hi-1,
// many by widening the same rows with unpack. rowBytes is the average size of a row.
func (s *shape) multiply(op string, dst, x *tensor.Tensor, rowBytes int, rows func(lo, hi int, v vectors), unpack func(lo, hi int, to []float32)) {
	tensor.CheckShape(op, x, tensor.AnyDim, s.in)
	n := x.Dim(0)
	tensor.CheckShape(op, dst, n, s.out)
	if n == 0 || s.out == 0 {
		return
	}
	if s.in == 0 {
		dst.Zero()
		return
	}
	if n <= fewTokens {
		pad := getBuffer(n * roundUp(s.in, asm.PackedColumns))
		defer putBuffer(pad)
		v := vectors{n: n, x: *pad, ld: roundUp(s.in, asm.PackedColumns), y: dst.Data()}
		for i := range n {
			row := v.x[i*v.ld : (i+1)*v.ld]
			clear(row[copy(row, x.Row(i)):])
		}
		parallel.For(s.out, 1+grainBytes/max(1, rowBytes), func(lo, hi int) { rows(lo, hi, v) })
		return
	}
	// How the rows are cut into panels makes no difference to the elements, see asm.Gemm.
	panels := (s.out + panelRows - 1) / panelRows
	parallel.For(panels, 1, func(first, last int) {
		wide := getBuffer(panelRows * s.in)
		defer putBuffer(wide)
		for p := first; p < last; p++ {
			lo, hi := p*panelRows, min((p+1)*panelRows, s.out)
			w := (*wide)[:(hi-lo)*s.in]
			unpack(lo, hi, w)
			asm.Gemm(false, true, n, hi-lo, s.in, 1, x.Data(), s.in, w, s.in, 0, dst.Data()[lo:], s.out)
		}
	})
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// bufferPool keeps slices between products, so that decoding allocates nothing.
var bufferPool = sync.Pool{New: func() any { return new([]float32) }}

func getBuffer(n int) *[]float32 {
	b := bufferPool.Get().(*[]float32)
	if cap(*b) < n {
		*b = make([]float32, n)
	}
	*b = (*b)[:n]
	return b
}

func putBuffer(b *[]float32) { bufferPool.Put(b) }
