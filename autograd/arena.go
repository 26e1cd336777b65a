package autograd

import "github.com/adagp/adagp/tensor"

// Arena lends memory to a pass that records nothing, such as the decoding of one token after the other.
// A pass that asks for the same shapes in the same order as the one before gets the same memory. What
// was lent is valid until [Arena.Reset], or until [Arena.Release] of a mark that was made before it.
//
// The nil *Arena is useful: it lends fresh memory. An Arena is not safe for concurrent use.
type Arena struct {
	lent   []*tensor.Tensor
	spare  [arenaSpares]*tensor.Tensor // of shapes that had to make room for others, the latest first
	next   int
	memory memory
}

// arenaSpares is how many matrices of other shapes are kept: a pass that ends with a wide output takes
// the place of what a layer had, and the next pass the other way round.
const arenaSpares = 4

// NewArena returns an arena that holds nothing yet.
func NewArena() *Arena {
	a := &Arena{}
	a.memory.arena = a
	return a
}

// Const is the function [Const] for a pass in this arena: what is computed from the constant, without
// being recorded, lives here too.
func (a *Arena) Const(v *tensor.Tensor) *Var {
	if a == nil {
		return Const(v)
	}
	return &Var{Value: v, memory: &a.memory}
}

// Take lends a matrix of arbitrary content.
func (a *Arena) Take(rows, cols int) *tensor.Tensor {
	if a == nil {
		return tensor.New(rows, cols)
	}
	if a.next == len(a.lent) {
		a.lent = append(a.lent, tensor.New(rows, cols))
	}
	t := &a.lent[a.next]
	if (*t).Dim(0) != rows || (*t).Dim(1) != cols {
		*t = a.exchange(*t, rows, cols)
	}
	a.next++
	return *t
}

// exchange keeps a matrix in return for a spare one of the wanted shape, or a new one.
func (a *Arena) exchange(t *tensor.Tensor, rows, cols int) *tensor.Tensor {
	for i, other := range a.spare {
		if other != nil && other.Dim(0) == rows && other.Dim(1) == cols {
			a.spare[i] = t
			return other
		}
	}
	copy(a.spare[1:], a.spare[:])
	a.spare[0] = t
	return tensor.New(rows, cols)
}

// Reset takes everything back.
func (a *Arena) Reset() { a.Release(0) }

// Mark returns the place that Release goes back to.
func (a *Arena) Mark() int {
	if a == nil {
		return 0
	}
	return a.next
}

// Release takes back what was lent since the mark. The layers of a network that are bracketed by Mark
// and Release all work in the same memory, which then stays in the cache of the processor.
func (a *Arena) Release(mark int) {
	if a != nil {
		a.next = mark
	}
}
