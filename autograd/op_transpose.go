package autograd

import "github.com/adagp/adagp/tensor"

// Transpose returns x [n, c] as [c, n].
//
//	y = xᵀ    dx = dyᵀ
func Transpose(x *Var) *Var {
	n, c := matrix("Transpose", x.Value)
	m := memoryOf(x)
	y := empty(m, c, n)
	tensor.TransposeInto(y, x.Value)
	return record("Transpose", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := empty(m, n, c)
		tensor.TransposeInto(dx, dy)
		return grads(dx)
	}, x)
}
