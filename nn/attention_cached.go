package nn

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// cachedAttend is attention to what caches hold, read where it lies. The rows of the pass are part of it
// already.
type cachedAttend struct {
	a      *Attention
	caches []*KVCache
	seqLen int
	q, y   *tensor.Tensor // [batch·seqLen, Heads·HeadDim]
	scores *tensor.Tensor // [batch·Heads, keys in whole blocks], of single queries
	bias   *tensor.Tensor // [Heads, keys or more], nil for none
	body   func(lo, hi int)
}

// headGrain is how many multiply-adds of attention are worth a thread of their own.
const headGrain = 1 << 16

// attendCached is the attention of queries q [batch·SeqLen, Heads·HeadDim] to the context's caches.
func (a *Attention) attendCached(c *Context, q *autograd.Var) *autograd.Var {
	j := &c.cached
	if j.body == nil {
		j.body = j.run // bound once, as a new closure for every layer would be garbage
	}
	j.a, j.caches, j.seqLen, j.q = a, c.Caches, c.SeqLen, q.Value
	j.y = c.Arena.Take(q.Value.Dim(0), q.Value.Dim(1))
	heads, longest := len(c.Caches)*a.Heads, 0
	for _, k := range c.Caches {
		longest = max(longest, k.entry(a).rows)
	}
	j.bias = a.bias(longest)
	if c.SeqLen == 1 {
		// Whole blocks, so that the size stays the same for many tokens.
		j.scores = c.Arena.Take(heads, (longest+kvBlock-1)/kvBlock*kvBlock)
	}
	parallel.For(heads, 1+headGrain/(c.SeqLen*longest*a.HeadDim), j.body)
	return c.Const(j.y)
}

// run computes the heads lo to hi-1, counted through the sequences.
func (j *cachedAttend) run(lo, hi int) {
	var scores []float32
	for i := lo; i < hi; i++ {
		h := j.head(i)
		if j.seqLen == 1 {
			h.attendOne(j.scores.Row(i))
			continue
		}
		if n := min(cachedQueries, j.seqLen) * h.rows; len(scores) < n {
			scores = make([]float32, n)
		}
		for q := 0; q < j.seqLen; q += cachedQueries {
			h.attend(q, min(q+cachedQueries, j.seqLen), j.seqLen, scores)
		}
	}
}

// cachedQueries is the number of queries whose scores exist at one time.
const cachedQueries = 64

// cachedHead is one head of one sequence.
type cachedHead struct {
	q, y         []float32 // from the first query on; rows are stride apart
	stride       int
	keys, values [][]float32 // blocks of all heads
	from         int         // where the head is in a block
	rows, width  int
	scale        float32
	bias         []float32 // of each key, nil for none
	softCap      float32   // 0: none
	window       int       // how many keys a query sees; 0: all
}

// head finds head number i.
func (j *cachedAttend) head(i int) cachedHead {
	a := j.a
	sequence, head := i/a.Heads, i%a.Heads
	e := j.caches[sequence].entries[a]
	first := sequence*j.seqLen*j.q.Dim(1) + head*a.HeadDim
	h := cachedHead{
		q: j.q.Data()[first:], y: j.y.Data()[first:], stride: j.q.Dim(1),
		keys: e.keys, values: e.values, from: head / (a.Heads / a.KVHeads) * kvBlock * a.HeadDim,
		rows: e.rows, width: a.HeadDim, scale: a.ScoreScale(), softCap: a.SoftCap, window: a.Window,
	}
	if j.bias != nil {
		h.bias = j.bias.Row(head)
	}
	return h
}

// first returns the first key that a query sees, given how many there are up to its own.
func (h *cachedHead) first(keys int) int {
	if h.window == 0 {
		return 0
	}
	return max(0, keys-h.window)
}

// block returns the rows of block b of keys or values that are among the first n, and how many they are.
func (h *cachedHead) block(blocks [][]float32, b, n int) ([]float32, int) {
	n = min(kvBlock, n-b*kvBlock)
	return blocks[b][h.from : h.from+n*h.width], n
}

// softmax turns the scores of the first keys, up to a query's own, into probabilities.
func (h *cachedHead) softmax(p []float32) {
	first := h.first(len(p))
	seen := p[first:]
	if h.bias != nil {
		asm.Add(seen, seen, h.bias[first:])
	}
	if h.softCap != 0 {
		asm.Scale(seen, 1/h.softCap, seen)
		asm.Tanh(seen, seen)
		asm.Scale(seen, h.softCap, seen)
	}
	asm.SoftmaxRow(seen, seen)
	clear(p[:first])
}

// attendOne sets y = softmax(scale·q·Kᵀ)·V for a single query.
func (h *cachedHead) attendOne(p []float32) {
	q, y := h.q[:h.width], h.y[:h.width]
	from := h.first(h.rows) / kvBlock // blocks in front of it are not seen
	for b := from; b*kvBlock < h.rows; b++ {
		rows, n := h.block(h.keys, b, h.rows)
		asm.AttendScores(p[b*kvBlock:b*kvBlock+n], h.scale, q, rows)
	}
	h.softmax(p[:h.rows])
	clear(y)
	for b := from; b*kvBlock < h.rows; b++ {
		rows, n := h.block(h.values, b, h.rows)
		asm.AttendSum(y, p[b*kvBlock:b*kvBlock+n], rows)
	}
}

// attend does the same for the queries lo to hi-1 of all the queries, the last of which sees every row.
func (h *cachedHead) attend(lo, hi, queries int, p []float32) {
	q, y := h.q[lo*h.stride:], h.y[lo*h.stride:]
	seen := h.rows - queries + hi // by the last of them
	for b := 0; b*kvBlock < seen; b++ {
		rows, n := h.block(h.keys, b, seen)
		asm.Gemm(h.scale, asm.MatrixOf(q, hi-lo, h.width, h.stride), asm.MatrixOf(rows, n, h.width, h.width).T(),
			0, asm.MatrixOf(p[b*kvBlock:], hi-lo, n, seen))
	}
	for i := range hi - lo {
		row := p[i*seen : (i+1)*seen]
		visible := row[:seen-(hi-lo)+i+1]
		h.softmax(visible)
		clear(row[len(visible):])
	}
	for b := 0; b*kvBlock < seen; b++ {
		rows, n := h.block(h.values, b, seen)
		asm.Gemm(1, asm.MatrixOf(p[b*kvBlock:], hi-lo, n, seen), asm.MatrixOf(rows, n, h.width, h.width),
			float32(min(b, 1)), asm.MatrixOf(y, hi-lo, h.width, h.stride))
	}
}
