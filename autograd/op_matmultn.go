package autograd

import "github.com/adagp/adagp/tensor"

// MatMulTN returns aᵀ·b for a [k, m] and b [k, n], which is [m, n].
//
//	y = aᵀ·b    da = b·dyᵀ    db = a·dy
func MatMulTN(a, b *Var) *Var {
	matrix("MatMulTN", a.Value)
	matrix("MatMulTN", b.Value)
	m := memoryOf(a, b)
	y := empty(m, a.Value.Dim(1), b.Value.Dim(1))
	tensor.MatMulTNInto(y, a.Value, b.Value)
	return record("MatMulTN", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = emptyLike(m, a.Value)
			tensor.MatMulNTInto(da, b.Value, dy)
		}
		if needsGrad(b) {
			db = emptyLike(m, b.Value)
			tensor.MatMulInto(db, a.Value, dy)
		}
		return grads(da, db)
	}, a, b)
}
