package nn

import (
	"math"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Attention is causal multi-head self-attention (Vaswani et al. 2017, equation 1), with grouped
// key/value heads (GQA) when KVHeads < Heads and rotary positions when RoPE is set. The zero value of a field is
// what most models have.
type Attention struct {
	Heads, KVHeads, HeadDim int

	Q *Linear // [Heads·HeadDim, hidden]
	K *Linear // [KVHeads·HeadDim, hidden]
	V *Linear // [KVHeads·HeadDim, hidden]
	O *Linear // [hidden, Heads·HeadDim]

	RoPE  *RoPE  // nil: positions are not in queries and keys
	ALiBi *ALiBi // nil: scores do not fall with the distance
	// Scale multiplies the scores; 0 means HeadDim^-½.
	Scale float32
	// SoftCap c bounds the scores s to c·tanh(s/c); 0: no bound.
	SoftCap float32
	// Window is how many positions a query sees, its own included; 0: all.
	Window int
}

// Forward maps x [batch·SeqLen, hidden] to [batch·SeqLen, hidden]. Row i of a sequence sees rows
// 0..i of it and everything that its cache holds, if there are caches; the cache then holds these rows
// too.
func (a *Attention) Forward(c *Context, x *autograd.Var) *autograd.Var {
	return a.O.Forward(c, a.Mix(c, x))
}

// Mix is Forward without the output projection: the heads' weighted sums of values, side by side,
// [batch·SeqLen, Heads·HeadDim].
func (a *Attention) Mix(c *Context, x *autograd.Var) *autograd.Var {
	return a.Attend(c, a.Q.Forward(c, x), a.K.Forward(c, x), a.V.Forward(c, x))
}

// Attend is Mix behind the projections: queries [batch·SeqLen, Heads·HeadDim], keys and values
// [batch·SeqLen, KVHeads·HeadDim], without positions yet.
func (a *Attention) Attend(c *Context, q, k, v *autograd.Var) *autograd.Var {
	batch := c.sequences("nn.Attention", q)
	starts := c.positions(batch, a.held)
	if a.RoPE != nil {
		run := Run{SeqLen: c.SeqLen, Starts: starts, Lengths: a.RoPE.lengths(c)}
		q, k = a.RoPE.Forward(q, a.Heads, run), a.RoPE.Forward(k, a.KVHeads, run)
	}
	for i, cache := range c.Caches {
		e := cache.entry(a)
		for r := i * c.SeqLen; r < (i+1)*c.SeqLen; r++ {
			e.add(a, k.Value.Row(r), v.Value.Row(r))
		}
	}
	if starts != nil && (c.SeqLen == 1 || slices.Max(starts) > 0) {
		return a.attendCached(c, q)
	}
	return autograd.Attention(q, k, v, autograd.AttentionShape{
		Heads: a.Heads, KVHeads: a.KVHeads, HeadDim: a.HeadDim, Queries: c.SeqLen, Keys: c.SeqLen,
		Scale: a.ScoreScale(), Bias: a.bias(c.SeqLen), SoftCap: a.SoftCap, Nearest: a.Window,
	})
}

// held returns how many positions of this layer a cache holds.
func (a *Attention) held(k *KVCache) int { return k.entry(a).rows }

// ScoreScale returns the factor of the scores.
func (a *Attention) ScoreScale() float32 {
	if a.Scale != 0 {
		return a.Scale
	}
	return float32(1 / math.Sqrt(float64(a.HeadDim)))
}

// bias is what is added to the scores of that many keys, [Heads, keys or more]; nil for nothing.
func (a *Attention) bias(keys int) *tensor.Tensor {
	if a.ALiBi == nil {
		return nil
	}
	return a.ALiBi.Table(keys)
}

// Walk visits the projections in the order q, k, v, o.
func (a *Attention) Walk(visit func(*Param)) {
	for _, l := range a.Linears() {
		l.Walk(visit)
	}
}

// Linears returns the projections in the order q, k, v, o.
func (a *Attention) Linears() []*Linear { return []*Linear{a.Q, a.K, a.V, a.O} }
