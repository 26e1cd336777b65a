package autograd

import "github.com/adagp/adagp/tensor"

// Add returns a + b, both of one shape.
//
//	y = a + b    da = dy    db = dy
func Add(a, b *Var) *Var {
	return record("Add", tensor.Add(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(dy, dy)
	}, a, b)
}
