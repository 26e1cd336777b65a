package autograd

import "github.com/adagp/adagp/tensor"

// Sub returns a - b, both of one shape.
//
//	y = a - b    da = dy    db = -dy
func Sub(a, b *Var) *Var {
	return record("Sub", tensor.Sub(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		if !needsGrad(b) {
			return grads(dy, nil)
		}
		return grads(dy, tensor.Scale(dy, -1))
	}, a, b)
}
