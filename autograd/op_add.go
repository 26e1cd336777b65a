package autograd

import "github.com/adagp/adagp/tensor"

// Add returns a + b, both of one shape.
//
//	y = a + b    da = dy    db = dy
func Add(a, b *Var) *Var {
	y := emptyLike(memoryOf(a, b), a.Value)
	tensor.AddInto(y, a.Value, b.Value)
	return record("Add", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(dy, dy)
	}, a, b)
}
