package autograd

import "github.com/adagp/adagp/tensor"

// Reshape returns the same elements under another shape, sharing storage.
//
//	y = x    dx = dy, in the shape of x
func Reshape(x *Var, shape ...int) *Var {
	return record("Reshape", x.Value.View(shape...), func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(dy.View(x.Value.Shape()...))
	}, x)
}
