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
	heads, d := j.a.Heads, j.a.HeadDim
	for i := lo; i < hi; i++ {
		row, head := i/heads, i%heads
		at := head * d
		j.head(j.caches[row].entries[j.a], head/(heads/j.a.KVHeads), j.q.Row(row)[at:at+d], j.y.Row(row)[at:at+d], j.scores.Row(i))
	}
}

// head sets y = softmax(q·Kᵀ/√d)·V for one head of one sequence.
func (j *attendJob) head(e *kvEntry, kvHead int, q, y, scores []float32) {
	d := j.a.HeadDim
	seq, from := &e.sequences[0], kvHead*kvBlock*d
	scale := float32(1 / math.Sqrt(float64(d)))
	for b := 0; b*kvBlock < e.rows; b++ {
		n := min(kvBlock, e.rows-b*kvBlock)
		asm.Gemm(false, true, 1, n, d, scale, q, d, seq.keys[b][from:], d, 0, scores[b*kvBlock:], n)
	}
	p := scores[:e.rows]
	asm.SoftmaxRow(p, p)
	for b := 0; b*kvBlock < e.rows; b++ {
		n := min(kvBlock, e.rows-b*kvBlock)
		beta := float32(1)
		if b == 0 {
			beta = 0
		}
		asm.Gemm(false, false, 1, d, n, 1, p[b*kvBlock:], n, seq.values[b][from:], d, beta, y, d)
	}
}
