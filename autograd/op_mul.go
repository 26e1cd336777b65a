package autograd

import "github.com/adagp/adagp/tensor"

// Mul returns the elementwise product, both inputs of one shape.
//
//	y = a ⊙ b    da = dy ⊙ b    db = dy ⊙ a
func Mul(a, b *Var) *Var {
	m := memoryOf(a, b)
	times := func(a, b *tensor.Tensor) *tensor.Tensor {
		y := emptyLike(m, a)
		tensor.MulInto(y, a, b)
		return y
	}
	return record("Mul", times(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = times(dy, b.Value)
		}
		if needsGrad(b) {
			db = times(dy, a.Value)
		}
		return grads(da, db)
	}, a, b)
}
