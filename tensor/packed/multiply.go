package packed

import (
	"slices"
	"sync"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

const (
	// grainBytes is how much of the stored weights is worth a thread of its own.
	grainBytes = 64 << 10

	// maxBlockRows is how many rows of weights are widened at a time for a full product, at most. The inputs are
	// packed again for every block.
	maxBlockRows = 512

	// sparseRows is how many rows of weights take turns with a part of the inputs that fits the
	// first-level cache. Their sums should fit the second.
	sparseRows = 512
)

// vectors are the inputs and outputs of a product with few tokens.
type vectors struct {
	x asm.Matrix[float32] // [n, in], padded with zeros to a multiple of asm.PackedColumns
	y asm.Matrix[float32] // [n, out]
}

// layout is what the products need of a matrix.
type layout interface {
	// multiply multiplies the rows lo to hi-1 of the weights by few tokens.
	multiply(lo, hi int, v *vectors)
	// widen writes the same rows as float32 to w [hi-lo, in].
	widen(lo, hi int, w []float32)
}

// masked is a layout that can be had as a bit mask.
type masked interface {
	// rows returns the rows lo to hi-1.
	rows(lo, hi int) asm.BitmaskWeights
}

// product is dst [n, out] = x [n, in]·Wᵀ for weights in one of the layouts. Its methods take it by value, which
// keeps it off the heap for few tokens.
type product struct {
	*shape
	layout
	masked           // or nil
	rowBytes int     // average size of a row of weights
	density  float64 // share of weights that are stored
}

// into computes the product.
func (p product) into(op string, dst, x *tensor.Tensor) {
	n := p.check(op, dst, x)
	if n == 0 {
		return
	}
	in, out := x.Data(), dst.Data()
	switch whole, way := p.plan(n); {
	case way == byRows:
		p.few(n, out, in)
	case way == widened:
		p.full(n, out, in)
	default:
		p.sparse(asm.NewPanels(0, 0), whole, out, in)
		if whole < n {
			p.few(n-whole, out[whole*p.out:], in[whole*p.in:])
		}
	}
}

// check panics when the shapes do not fit, and returns the number of tokens: 0 when there is nothing to multiply,
// with dst cleared.
func (p product) check(op string, dst, x *tensor.Tensor) int {
	tensor.CheckShape(op, x, tensor.AnyDim, p.in)
	n := x.Dim(0)
	tensor.CheckShape(op, dst, n, p.out)
	if p.in == 0 || p.out == 0 || n == 0 {
		dst.Zero()
		return 0
	}
	return n
}

type way int

const (
	byRows   way = iota // weights are read once and widened once per four tokens
	widened             // a dense product with float32
	byPanels            // only the weights that are stored, for whole panels of tokens; the rest by rows
)

// plan returns the cheapest way for n tokens, and how many of them go by panels. The costs are in
// tokens of a dense product, as measured, see docs/performance.md.
func (p product) plan(n int) (whole int, best way) {
	const (
		rowsCost  = 2.2 // of a token: half the speed, for want of reuse
		widenCost = 16  // of the weights
	)
	best, cost := byRows, rowsCost*float64(n)
	if c := widenCost + float64(n); c < cost {
		best, cost = widened, c
	}
	width := asm.PanelWidth()
	if p.masked == nil || width == 0 {
		return 0, best
	}
	panel := float64(width) * (0.13 + 1.32*p.density)
	for _, panels := range []int{n / width, (n + width - 1) / width} {
		rest := max(0, n-panels*width)
		if c := panel*float64(panels) + rowsCost*float64(rest); panels > 0 && c < cost {
			best, cost, whole = byPanels, c, n-rest
		}
	}
	return whole, best
}

// fewJob is the product of the rows of weights by few tokens. Jobs are used again, so that decoding
// allocates nothing.
type fewJob struct {
	layout
	vectors
	pad  []float32
	body func(lo, hi int)
}

var fewJobs = sync.Pool{New: func() any {
	j := &fewJob{}
	j.body = func(lo, hi int) { j.multiply(lo, hi, &j.vectors) }
	return j
}}

func (p product) few(n int, y, x []float32) {
	j := fewJobs.Get().(*fewJob)
	j.layout, j.vectors = p.layout, vectors{x: *asm.MatrixOf(x, n, p.in, p.in), y: *asm.MatrixOf(y, n, p.out, p.out)}
	if p.in%asm.PackedColumns != 0 {
		j.padded()
	}
	parallel.For(p.out, 1+grainBytes/max(1, p.rowBytes), j.body)
	j.layout, j.vectors = nil, vectors{} // the pool keeps no weights alive
	fewJobs.Put(j)
}

// padded copies the inputs to where there are zeros behind them.
func (j *fewJob) padded() {
	n, in, width := j.x.Rows, j.x.Cols, roundUp(j.x.Cols, asm.PackedColumns)
	j.pad = slices.Grow(j.pad[:0], n*width)[:n*width]
	for i := range n {
		row := j.pad[i*width : (i+1)*width]
		clear(row[copy(row, j.x.Data[i*in:(i+1)*in]):])
	}
	j.x = *asm.MatrixOf(j.pad, n, width, width)
}

// rows returns the columns lo to hi-1 of y, those of the products with the same rows of the weights.
func (v *vectors) rows(lo, hi int) *asm.Matrix[float32] { return v.y.Part(0, lo, v.y.Rows, hi-lo) }

// full widens some rows at a time. How they are cut makes no difference to the elements, see asm.Gemm.
func (p product) full(n int, y, x []float32) {
	blockRows := min(maxBlockRows, roundUp((p.out-1)/parallel.Threads()+1, 32))
	parallel.For((p.out+blockRows-1)/blockRows, 1, func(first, last int) {
		wide := getBuffer(blockRows * p.in)
		defer putBuffer(wide)
		for b := first; b < last; b++ {
			lo, hi := b*blockRows, min((b+1)*blockRows, p.out)
			w := (*wide)[:(hi-lo)*p.in]
			p.widen(lo, hi, w)
			rows := asm.MatrixOf(w, hi-lo, p.in, p.in)
			if n == 1 { // as in a dense product
				asm.RowDots(rows, x, y[lo:hi])
				continue
			}
			asm.Gemm(1, asm.MatrixOf(x, n, p.in, p.in), rows.T(), 0, asm.MatrixOf(y[lo:], n, hi-lo, p.out))
		}
	})
}

// sparse multiplies by the weights that are stored and no others, in the memory of panels.
func (p product) sparse(panels *asm.Panels, n int, y, x []float32) {
	panels.Resize(n, p.in)
	parallel.For(panels.Tiles(), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			panels.Fill(i, asm.MatrixOf(x, n, p.in, p.in))
		}
	})
	parallel.For(p.out, sparseRows/8, func(lo, hi int) {
		for ; lo < hi; lo += sparseRows {
			end := min(hi, lo+sparseRows)
			panels.MulBitmask(p.rows(lo, end), asm.MatrixOf(y[lo:], n, end-lo, p.out))
		}
	})
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// bufferPool keeps slices between products.
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
