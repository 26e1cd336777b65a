package autograd

import "github.com/adagp/adagp/tensor"

// Mul returns the elementwise product, both inputs of one shape.
//
//	y = a ⊙ b    da = dy ⊙ b    db = dy ⊙ a
func Mul(a, b *Var) *Var {
	return record("Mul", tensor.Mul(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = tensor.Mul(dy, b.Value)
		}
		if needsGrad(b) {
			db = tensor.Mul(dy, a.Value)
		}
		return grads(da, db)
	}, a, b)
}
