package autograd

import "github.com/adagp/adagp/tensor"

// Record puts an operation of the caller's own on the tape of its inputs, and returns its value as a variable. It
// is the last line of every operation of this package:
//
//	func Cube(x *autograd.Var) *autograd.Var {
//		y := autograd.Empty(x.Value.Shape(), x)
//		…
//		return autograd.Record("Cube", y, func(dy *tensor.Tensor) []*tensor.Tensor { … }, x)
//	}
//
// Given the gradient dy of the value, backward returns one gradient for each input, in their order and of their
// shape: either a tensor made for this call, returned once, or dy itself (reshaped or not, never a part of it).
// What it returns for an input that needs none is ignored, and nil stands for no gradient. It must not write to
// dy. When no input is on a tape nothing is recorded. The name op is for messages.
func Record(op string, value *tensor.Tensor, backward func(dy *tensor.Tensor) []*tensor.Tensor, inputs ...*Var) *Var {
	return record(op, value, backward, inputs...)
}

// Empty returns a tensor for the value, or a gradient, of an operation on some inputs: in memory that is used
// again if their tape or arena does so. Its content is arbitrary, the operation has to set every element.
func Empty(shape []int, inputs ...*Var) *tensor.Tensor { return empty(memoryOf(inputs...), shape...) }
