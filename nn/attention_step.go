package nn

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// Step maps x [rows, hidden] to [rows, hidden]: each row attends to what its cache holds and to
// itself, and joins the cache.
func (a *Attention) Step(s *Step, x *tensor.Tensor) *tensor.Tensor {
	q, k, v := a.Q.Step(s, x), a.K.Step(s, x), a.V.Step(s, x)
	longest := 0
	for i, c := range s.caches {
		e := c.entry(a, 1)
		if a.RoPE != nil {
			cos, sin := a.RoPE.at(e.rows)
			asm.RoPERow(q.Row(i), q.Row(i), cos, sin)
			asm.RoPERow(k.Row(i), k.Row(i), cos, sin)
		}
		e.sequences[0].put(a, e.rows, k.Row(i), v.Row(i))
		e.rows++
		longest = max(longest, e.rows)
	}
	j := &s.attend
	j.a, j.caches, j.q = a, s.caches, q
	j.y = s.Take(len(s.caches), a.Heads*a.HeadDim)
	// Whole blocks, so that the size stays the same for many tokens.
	j.scores = s.Take(len(s.caches)*a.Heads, (longest+kvBlock-1)/kvBlock*kvBlock)
	parallel.For(len(s.caches)*a.Heads, 1+headGrain/(longest*a.HeadDim), j.body)
	return a.O.Step(s, j.y)
}

// headGrain is how many multiply-adds of attention are worth a thread of their own.
const headGrain = 1 << 16

// attendJob is the attention of one layer for the heads of all rows.
type attendJob struct {
	a      *Attention
	caches []*KVCache
	q, y   *tensor.Tensor // [rows, Heads·HeadDim]
	scores *tensor.Tensor // [rows·Heads, whole blocks]
	body   func(lo, hi int)
}

// run computes the heads lo to hi-1, counted through the rows.
func (j *attendJob) run(lo, hi int) {
	for i := lo; i < hi; i++ {
		h := j.at(i)
		h.weigh(j.scores.Row(i))
		h.sum(j.scores.Row(i))
	}
}

// at finds head number i.
func (j *attendJob) at(i int) attendHead {
	d := j.a.HeadDim
	row, head := i/j.a.Heads, i%j.a.Heads
	e := j.caches[row].entries[j.a]
	from := head / (j.a.Heads / j.a.KVHeads) * kvBlock * d
	return attendHead{
		q: j.q.Row(row)[head*d : (head+1)*d], y: j.y.Row(row)[head*d : (head+1)*d],
		keys:   headRows{e.sequences[0].keys, from, e.rows, d},
		values: headRows{e.sequences[0].values, from, e.rows, d},
	}
}

// attendHead is one head of one sequence.
type attendHead struct {
	q, y         []float32 // [HeadDim]
	keys, values headRows
}

// headRows are the rows [rows, width] of one head, in the blocks of a cache.
type headRows struct {
	blocks            [][]float32
	from, rows, width int // from: where the head is in a block
}

// block returns n rows of a block.
func (r *headRows) block(b int) (rows []float32, n int) {
	n = min(kvBlock, r.rows-b*kvBlock)
	return r.blocks[b][r.from : r.from+n*r.width], n
}

// weigh sets p = softmax(q·Kᵀ/√d).
func (h *attendHead) weigh(p []float32) {
	scale := float32(1 / math.Sqrt(float64(len(h.q))))
	for b := 0; b*kvBlock < h.keys.rows; b++ {
		rows, n := h.keys.block(b)
		asm.AttendScores(p[b*kvBlock:b*kvBlock+n], scale, h.q, rows)
	}
	p = p[:h.keys.rows]
	asm.SoftmaxRow(p, p)
}

// sum sets y = p·V.
func (h *attendHead) sum(p []float32) {
	clear(h.y)
	for b := 0; b*kvBlock < h.values.rows; b++ {
		rows, n := h.values.block(b)
		asm.AttendSum(h.y, p[b*kvBlock:b*kvBlock+n], rows)
	}
}
