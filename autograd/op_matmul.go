package autograd

import "github.com/adagp/adagp/tensor"

// MatMul returns the product of a [m, k] and b [k, n], which is [m, n].
//
//	y = a·b    da = dy·bᵀ    db = aᵀ·dy
func MatMul(a, b *Var) *Var {
	return record("MatMul", tensor.MatMul(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = tensor.MatMulNT(dy, b.Value)
		}
		if needsGrad(b) {
			db = tensor.MatMulTN(a.Value, dy)
		}
		return grads(da, db)
	}, a, b)
}
