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
	// Cache keeps the keys and values of earlier passes for incremental decoding; it excludes
	// a tape.
	Cache *KVCache
	// Observer, when set, is shown the input and output of every Linear.
	Observer Observer
	// VarObserver, when set, is shown the same as variables, so that it can ask for the gradient of
	// an output (autograd.Var.RetainGrad).
	VarObserver func(l *Linear, x, y *autograd.Var)
}

// sequences returns how many sequences of SeqLen rows x holds.
func (c *Context) sequences(op string, x *autograd.Var) int {
	rows := x.Value.Dim(0)
	if c.SeqLen <= 0 || rows%c.SeqLen != 0 {
		panic(&tensor.ShapeError{Op: op, Got: x.Value.Shape(), Want: []int{c.SeqLen, tensor.AnyDim},
			Msg: "rows must be whole sequences of Context.SeqLen"})
	}
	return rows / c.SeqLen
}

// offset returns the position of the first row of each sequence: what the cache holds already.
func (c *Context) offset() int {
	if c.Cache == nil {
		return 0
	}
	return c.Cache.Len()
}
