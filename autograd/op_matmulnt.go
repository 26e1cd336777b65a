package autograd

import "github.com/adagp/adagp/tensor"

// MatMulNT returns a·bᵀ for a [m, k] and b [n, k], which is [m, n].
//
//	y = a·bᵀ    da = dy·b    db = dyᵀ·a
func MatMulNT(a, b *Var) *Var {
	return record("MatMulNT", tensor.MatMulNT(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = tensor.MatMul(dy, b.Value)
		}
		if needsGrad(b) {
			db = tensor.MatMulTN(dy, a.Value)
		}
		return grads(da, db)
	}, a, b)
}
