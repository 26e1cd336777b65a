package autograd

import "github.com/adagp/adagp/tensor"

// MatMul returns the product of a [m, k] and b [k, n], which is [m, n].
//
//	y = a·b    da = dy·bᵀ    db = aᵀ·dy
func MatMul(a, b *Var) *Var {
	matrix("MatMul", a.Value)
	matrix("MatMul", b.Value)
	m := memoryOf(a, b)
	y := empty(m, a.Value.Dim(0), b.Value.Dim(1))
	tensor.MatMulInto(y, a.Value, b.Value)
	return record("MatMul", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = emptyLike(m, a.Value)
			tensor.MatMulNTInto(da, dy, b.Value)
		}
		if needsGrad(b) {
			db = emptyLike(m, b.Value)
			tensor.MatMulTNInto(db, a.Value, dy)
		}
		return grads(da, db)
	}, a, b)
}
