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
	// Bias [Heads, Keys or more] is added to the scaled scores of each key by its place in the window; nil: none.
	// A bias that grows with the place makes far keys count less (ALiBi, Press et al. 2022). It has no gradient.
	Bias *tensor.Tensor
	// SoftCap c bounds the scores s to c·tanh(s/c); 0: no bound (Gemma 2).
	SoftCap float32
	// Nearest is how many keys a causal query sees at most, its own included; 0: all (sliding windows, Beltagy
	// et al. 2020).
	Nearest int
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
//	S = cap(scale·Q·Kᵀ + bias)    P = softmax(S)    Y = P·V
//	dV = Pᵀ·dY    dP = dY·Vᵀ    dS = P ⊙ (dP - rowsum(dP⊙P)) ⊙ cap′
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
			scratch := s.newScratch()
			for i := lo; i < hi; i++ {
				window, kvHead := i/s.KVHeads, i%s.KVHeads
				for h := kvHead * group; h < (kvHead+1)*group; h++ {
					s.backwardHead(s.head(q.Value, k.Value, v.Value, window, h), s.head(dq, dk, dv, window, h),
						s.queryRows(dy, window, h), scratch)
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
type attentionHead struct{ q, k, v, bias []float32 }

func (s AttentionShape) head(q, k, v *tensor.Tensor, window, head int) attentionHead {
	kvHead := head / (s.Heads / s.KVHeads)
	h := attentionHead{q: s.queryRows(q, window, head), k: s.keyRows(k, window, kvHead), v: s.keyRows(v, window, kvHead)}
	if s.Bias != nil {
		h.bias = s.Bias.Row(head)
	}
	return h
}

// attentionScratch is the memory of a thread that goes back through heads.
type attentionScratch struct {
	p, ds  []float32 // probabilities, and gradients of scores
	slopes []float32 // derivatives of the soft cap, if there is one
	ones   []float32 // as many as keys
}

func (s AttentionShape) newScratch() attentionScratch {
	a := attentionScratch{p: make([]float32, s.scoreLen()), ds: make([]float32, s.scoreLen()), ones: make([]float32, s.Keys)}
	if s.SoftCap != 0 {
		a.slopes = make([]float32, s.scoreLen())
	}
	for i := range a.ones {
		a.ones[i] = 1
	}
	return a
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

// visible is the range of keys that query i of a window sees, from the first to the one behind the last.
func (s AttentionShape) visible(i int) (from, to int) {
	if s.Bidirectional {
		return 0, s.Keys
	}
	to = i + s.Keys - s.Queries + 1
	if s.Nearest > 0 {
		from = max(0, to-s.Nearest)
	}
	return from, to
}

// forwardHead sets y, the output of one head.
func (s AttentionShape) forwardHead(h attentionHead, y, p []float32) {
	qw, kw := s.queryWidth(), s.keyWidth()
	for lo := 0; lo < s.Queries; lo += queryBlock {
		hi := min(lo+queryBlock, s.Queries)
		from, n := s.probabilities(p, nil, h, lo, hi)
		asm.Gemm(1, asm.MatrixOf(p, hi-lo, n, n), asm.MatrixOf(h.v[from*kw:], n, s.HeadDim, kw),
			0, asm.MatrixOf(y[lo*qw:], hi-lo, s.HeadDim, qw))
	}
}

// probabilities fills p [hi-lo, n] with the attention of queries lo to hi-1 to the n keys that at least one of
// them sees, of which from is the first. It fills slopes with the derivatives of the soft cap unless that is nil.
func (s AttentionShape) probabilities(p, slopes []float32, h attentionHead, lo, hi int) (from, n int) {
	from, _ = s.visible(lo)
	_, to := s.visible(hi - 1)
	n = to - from
	asm.Gemm(s.Scale, asm.MatrixOf(h.q[lo*s.queryWidth():], hi-lo, s.HeadDim, s.queryWidth()),
		asm.MatrixOf(h.k[from*s.keyWidth():], n, s.HeadDim, s.keyWidth()).T(), 0, asm.MatrixOf(p, hi-lo, n, n))
	for i := lo; i < hi; i++ {
		row := p[(i-lo)*n : (i-lo+1)*n]
		first, behind := s.visible(i)
		seen := row[first-from : behind-from]
		if h.bias != nil {
			asm.Add(seen, seen, h.bias[first:behind])
		}
		if s.SoftCap != 0 {
			softCap(seen, seen, s.SoftCap)
			if slopes != nil {
				softCapSlope(slopes[(i-lo)*n+first-from:], seen, s.SoftCap)
			}
		}
		asm.SoftmaxRow(seen, seen)
		clear(row[:first-from])
		clear(row[behind-from:])
	}
	return from, n
}

// backwardHead sets d.q and adds to d.k and d.v, given the gradient dy of the
// output of one head. Slices of d that are nil are left out.
func (s AttentionShape) backwardHead(h, d attentionHead, dy []float32, a attentionScratch) {
	qw, kw := s.queryWidth(), s.keyWidth()
	for lo := 0; lo < s.Queries; lo += queryBlock {
		hi := min(lo+queryBlock, s.Queries)
		rows, at := hi-lo, lo*qw
		from, n := s.probabilities(a.p, a.slopes, h, lo, hi)
		queries := func(x []float32) *asm.Matrix[float32] { return asm.MatrixOf(x[at:], rows, s.HeadDim, qw) }
		keys := func(x []float32) *asm.Matrix[float32] { return asm.MatrixOf(x[from*kw:], n, s.HeadDim, kw) }
		p, ds := asm.MatrixOf(a.p, rows, n, n), asm.MatrixOf(a.ds, rows, n, n)
		if d.v != nil {
			asm.Gemm(1, p.T(), queries(dy), 1, keys(d.v))
		}
		if d.q == nil && d.k == nil {
			continue
		}
		asm.Gemm(1, queries(dy), keys(h.v).T(), 0, ds)
		for i := range rows {
			dp, pi := a.ds[i*n:(i+1)*n], a.p[i*n:(i+1)*n]
			asm.Axpy(-asm.Dot(dp, pi), a.ones[:n], dp) // exact products: a subtraction
			asm.Mul(dp, dp, pi)
			if a.slopes != nil { // of keys that are not seen it is arbitrary, and dp is 0
				first, behind := s.visible(lo + i)
				asm.Mul(dp[first-from:behind-from], dp[first-from:behind-from], a.slopes[i*n+first-from:])
			}
		}
		if d.q != nil {
			asm.Gemm(s.Scale, ds, keys(h.k), 0, queries(d.q))
		}
		if d.k != nil {
			asm.Gemm(s.Scale, ds.T(), queries(h.q), 1, keys(d.k))
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
	if s.Nearest < 0 || s.SoftCap < 0 || s.Nearest > 0 && s.Bidirectional {
		panic(&tensor.ShapeError{Op: "autograd.Attention", Got: []int{s.Nearest, int(s.SoftCap)},
			Msg: "the number of nearest keys and the soft cap must not be negative, and only causal queries have nearest keys"})
	}
	if b := s.Bias; b != nil && (len(b.Shape()) != 2 || b.Dim(0) != s.Heads || b.Dim(1) < s.Keys) {
		panic(&tensor.ShapeError{Op: "autograd.Attention, bias", Got: b.Shape(), Want: []int{s.Heads, s.Keys}})
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
