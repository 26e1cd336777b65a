package autograd

import "github.com/adagp/adagp/tensor"

// MatMulNT returns a·bᵀ for a [m, k] and b [n, k], which is [m, n].
//
//	y = a·bᵀ    da = dy·b    db = dyᵀ·a
func MatMulNT(a, b *Var) *Var {
	matrix("MatMulNT", a.Value)
	matrix("MatMulNT", b.Value)
	m := memoryOf(a, b)
	y := empty(m, a.Value.Dim(0), b.Value.Dim(0))
	tensor.MatMulNTInto(y, a.Value, b.Value)
	return record("MatMulNT", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var da, db *tensor.Tensor
		if needsGrad(a) {
			da = emptyLike(m, a.Value)
			tensor.MatMulInto(da, dy, b.Value)
		}
		if needsGrad(b) {
			db = emptyLike(m, b.Value)
			tensor.MatMulTNInto(db, dy, a.Value)
		}
		return grads(da, db)
	}, a, b)
}
