package autograd

import "github.com/adagp/adagp/tensor"

// MatMulTN returns aᵀ·b for a [k, m] and b [k, n], which is [m, n].
//
//	y = aᵀ·b    da = b·dyᵀ    db = a·dy
func MatMulTN(a, b *Var) *Var {
	return record("MatMulTN", tensor.MatMulTN(a.Value, b.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = tensor.MatMulNT(b.Value, dy)
		}
		if needsGrad(b) {
			db = tensor.MatMul(a.Value, dy)
		}
		return grads(da, db)
	}, a, b)
}
