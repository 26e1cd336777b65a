package nn

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Context carries what one forward pass has besides its input. The zero value with SeqLen set is
// plain inference.
type Context struct {
	// Tape records the operations for a backward pass; nil means inference.
	Tape *autograd.Tape
	// SeqLen is the number of rows of each sequence in the activations [batch · SeqLen, width].
	// A model's Embed sets it.
	SeqLen int
	// Caches keep the keys and values of earlier passes for incremental decoding, one for each sequence of
	// the batch, which may be at different positions. They exclude a tape.
	Caches []*KVCache
	// Arena, when set, lends the memory of a pass without a tape: what the pass computes is valid until the
	// caller resets it.
	Arena *autograd.Arena
	// Observer, when set, is shown the input and output of every Linear.
	Observer Observer
	// Calibration says that the pass is made for statistics: experts that are to see all tokens do.
	Calibration bool
	// VarObserver, when set, is shown the same as variables, so that it can ask for the gradient of
	// an output (autograd.Var.RetainGrad).
	VarObserver func(l *Linear, x, y *autograd.Var)

	starts []int        // memory of Context.positions
	cached cachedAttend // memory of attention to caches
}

// Const returns a variable without a gradient, in the arena if there is one.
func (c *Context) Const(v *tensor.Tensor) *autograd.Var { return c.Arena.Const(v) }

// sequences returns how many sequences of SeqLen rows x holds.
func (c *Context) sequences(op string, x *autograd.Var) int {
	rows := x.Value.Dim(0)
	if c.SeqLen <= 0 || rows%c.SeqLen != 0 {
		panic(&tensor.ShapeError{Op: op, Got: x.Value.Shape(), Want: []int{c.SeqLen, tensor.AnyDim},
			Msg: "rows must be whole sequences of Context.SeqLen"})
	}
	return rows / c.SeqLen
}

// positions returns the position of the first row of each sequence, as held reports it for a cache; nil
// without caches, when all begin at 0. It is valid until the next call.
func (c *Context) positions(batch int, held func(*KVCache) int) []int {
	if c.Caches == nil {
		return nil
	}
	if len(c.Caches) != batch {
		panic(&tensor.ShapeError{Op: "nn.Context caches", Got: []int{len(c.Caches)}, Want: []int{batch}, Msg: "a cache for each sequence"})
	}
	if c.Tape != nil {
		panic("nn: a KV cache serves inference only, the context has a tape as well")
	}
	c.starts = c.starts[:0]
	for _, k := range c.Caches {
		c.starts = append(c.starts, held(k))
	}
	return c.starts
}
