package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// AttentionShape describes the rows and columns of an attention's inputs.
type AttentionShape struct {
	Heads   int     // query heads
	KVHeads int     // key and value heads, a divisor of Heads
	HeadDim int     // width of one head
	Queries int     // rows of q that form one window
	Keys    int     // rows of k and v that form one window, at least Queries if they are causal
	Scale   float32 // of the scores, usually HeadDim^-½
	// Bidirectional queries see all keys of their window, as in an encoder, or in attention to another text.
	Bidirectional bool
}

// Attention is softmax attention (Vaswani et al. 2017, equation 1) over windows
// of text, causal unless the shape says otherwise, with grouped query heads (Ainslie et al. 2023): query head h
// reads key head h/(Heads/KVHeads). q is [windows·Queries, Heads·HeadDim], k and
// v are [windows·Keys, KVHeads·HeadDim]; the result has the shape of q. Query i
// of a window is its token i+Keys-Queries and sees the keys up to that one, so
// that Queries < Keys continues a sequence whose start is cached.
//
//	S = scale·Q·Kᵀ    P = softmax(S)    Y = P·V
//	dV = Pᵀ·dY    dP = dY·Vᵀ    dS = P ⊙ (dP - rowsum(dP⊙P))
//	dQ = scale·dS·K    dK = scale·dSᵀ·Q, summed over the heads that share a key head
//
// Scores live only for a block of queries of one head per thread. The tape
// keeps no probabilities either, which would be Queries·Keys per head: backward
// computes each block again, by the same kernels and so to the same bits. A
// training step then has seven matrix products instead of six, and memory that
// grows with the length of the text and not with its square.
func Attention(q, k, v *Var, s AttentionShape) *Var {
	windows := s.check(q.Value, k.Value, v.Value)
	y := emptyLike(memoryOf(q, k, v), q.Value)
	parallel.For(windows*s.Heads, 1, func(lo, hi int) {
		scores := make([]float32, s.scoreLen())
		for i := lo; i < hi; i++ {
			s.forwardHead(s.head(q.Value, k.Value, v.Value, i/s.Heads, i%s.Heads), s.queryRows(y, i/s.Heads, i%s.Heads), scores)
		}
	})
	return record("Attention", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dq *tensor.Tensor // set, where the others are added to
		if needsGrad(q) {
			dq = emptyLike(q.tape.memory, q.Value)
		}
		dk, dv := zerosFor(k), zerosFor(v)
		group := s.Heads / s.KVHeads
		// One thread has all the queries of a key head, and adds up dK and dV in
		// their order.
		parallel.For(windows*s.KVHeads, 1, func(lo, hi int) {
			p, ds, ones := make([]float32, s.scoreLen()), make([]float32, s.scoreLen()), make([]float32, s.Keys)
			for i := range ones {
				ones[i] = 1
			}
			for i := lo; i < hi; i++ {
				window, kvHead := i/s.KVHeads, i%s.KVHeads
				for h := kvHead * group; h < (kvHead+1)*group; h++ {
					s.backwardHead(s.head(q.Value, k.Value, v.Value, window, h), s.head(dq, dk, dv, window, h),
						s.queryRows(dy, window, h), p, ds, ones)
				}
			}
		})
		return grads(dq, dk, dv)
	}, q, k, v)
}

// queryBlock is the number of query rows whose scores exist at one time: enough
// to keep the matrix kernel busy, few enough that the half of the last block
// above the diagonal, computed in vain, stays small.
const queryBlock = 64

// attentionHead holds, for one window and one query head, the storage from the
// first element on; rows are strided by the full width of the tensor.
type attentionHead struct{ q, k, v []float32 }

func (s AttentionShape) head(q, k, v *tensor.Tensor, window, head int) attentionHead {
	kvHead := head / (s.Heads / s.KVHeads)
	return attentionHead{s.queryRows(q, window, head), s.keyRows(k, window, kvHead), s.keyRows(v, window, kvHead)}
}

func (s AttentionShape) queryWidth() int { return s.Heads * s.HeadDim }
func (s AttentionShape) keyWidth() int   { return s.KVHeads * s.HeadDim }

// queryRows and keyRows return nil for the nil tensor, an unwanted gradient.
func (s AttentionShape) queryRows(t *tensor.Tensor, window, head int) []float32 {
	if t == nil {
		return nil
	}
	return t.Data()[window*s.Queries*s.queryWidth()+head*s.HeadDim:]
}

func (s AttentionShape) keyRows(t *tensor.Tensor, window, kvHead int) []float32 {
	if t == nil {
		return nil
	}
	return t.Data()[window*s.Keys*s.keyWidth()+kvHead*s.HeadDim:]
}

// scoreLen is the size of the scores of one block.
func (s AttentionShape) scoreLen() int { return min(queryBlock, s.Queries) * s.Keys }

// visible is the number of keys that query i of a window sees.
func (s AttentionShape) visible(i int) int {
	if s.Bidirectional {
		return s.Keys
	}
	return i + s.Keys - s.Queries + 1
}

// forwardHead sets y, the output of one head.
func (s AttentionShape) forwardHead(h attentionHead, y, p []float32) {
	for lo := 0; lo < s.Queries; lo += queryBlock {
		hi := min(lo+queryBlock, s.Queries)
		n := s.probabilities(p, h, lo, hi)
		asm.Gemm(false, false, hi-lo, s.HeadDim, n, 1, p, n, h.v, s.keyWidth(), 0, y[lo*s.queryWidth():], s.queryWidth())
	}
}

// probabilities fills p [hi-lo, n] with the attention of queries lo to hi-1 and
// returns n, the number of keys the last of them sees.
func (s AttentionShape) probabilities(p []float32, h attentionHead, lo, hi int) (n int) {
	n = s.visible(hi - 1)
	asm.Gemm(false, true, hi-lo, n, s.HeadDim, s.Scale, h.q[lo*s.queryWidth():], s.queryWidth(), h.k, s.keyWidth(), 0, p, n)
	for i := lo; i < hi; i++ {
		row := p[(i-lo)*n : (i-lo+1)*n]
		seen := row[:s.visible(i)]
		asm.SoftmaxRow(seen, seen)
		clear(row[len(seen):])
	}
	return n
}

// backwardHead sets d.q and adds to d.k and d.v, given the gradient dy of the
// output of one head. Slices of d that are nil are left out. p and ds are scratch memory, ones are as many as
// keys.
func (s AttentionShape) backwardHead(h, d attentionHead, dy, p, ds, ones []float32) {
	qw, kw := s.queryWidth(), s.keyWidth()
	for lo := 0; lo < s.Queries; lo += queryBlock {
		hi := min(lo+queryBlock, s.Queries)
		rows, from := hi-lo, lo*qw
		n := s.probabilities(p, h, lo, hi)
		if d.v != nil {
			asm.Gemm(true, false, n, s.HeadDim, rows, 1, p, n, dy[from:], qw, 1, d.v, kw)
		}
		if d.q == nil && d.k == nil {
			continue
		}
		asm.Gemm(false, true, rows, n, s.HeadDim, 1, dy[from:], qw, h.v, kw, 0, ds, n)
		for i := range rows {
			dp, pi := ds[i*n:(i+1)*n], p[i*n:(i+1)*n]
			asm.Axpy(-asm.Dot(dp, pi), ones[:n], dp) // exact products: a subtraction
			asm.Mul(dp, dp, pi)
		}
		if d.q != nil {
			asm.Gemm(false, false, rows, s.HeadDim, n, s.Scale, ds, n, h.k, kw, 0, d.q[from:], qw)
		}
		if d.k != nil {
			asm.Gemm(true, false, n, s.HeadDim, rows, s.Scale, ds, n, h.q[from:], qw, 1, d.k, kw)
		}
	}
}

// check panics on shapes that do not fit and returns the number of windows.
func (s AttentionShape) check(q, k, v *tensor.Tensor) int {
	if s.Heads < 1 || s.KVHeads < 1 || s.Heads%s.KVHeads != 0 {
		panic(&tensor.ShapeError{Op: "autograd.Attention", Got: []int{s.Heads, s.KVHeads}, Msg: "heads must be a multiple of key heads"})
	}
	if s.HeadDim < 1 || s.Queries < 1 || s.Keys < 1 || s.Keys < s.Queries && !s.Bidirectional {
		panic(&tensor.ShapeError{Op: "autograd.Attention", Got: []int{s.HeadDim, s.Queries, s.Keys},
			Msg: "head dim, queries and keys must be positive, keys at least causal queries"})
	}
	wantShape("Attention, queries", q, tensor.AnyDim, s.queryWidth())
	if q.Dim(0)%s.Queries != 0 {
		panic(&tensor.ShapeError{Op: "autograd.Attention, queries", Got: q.Shape(), Want: []int{s.Queries, s.queryWidth()}, Msg: "rows must be whole windows"})
	}
	windows := q.Dim(0) / s.Queries
	wantShape("Attention, keys", k, windows*s.Keys, s.keyWidth())
	wantShape("Attention, values", v, windows*s.Keys, s.keyWidth())
	return windows
}

// zerosFor returns a gradient of zeros for v, nil if it needs none.
func zerosFor(v *Var) *tensor.Tensor {
	if !needsGrad(v) {
		return nil
	}
	return zeros(v.tape.memory, v.Value.Shape()...)
}
