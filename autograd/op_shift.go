package autograd

import "github.com/adagp/adagp/tensor"

// Shift adds c to every element.
//
//	y = x + c    dx = dy
func Shift(x *Var, c float32) *Var {
	m := memoryOf(x)
	y := emptyLike(m, x.Value)
	for i, v := range x.Value.Data() {
		y.Data()[i] = v + c
	}
	if !recorded(x) {
		return constant(y, m)
	}
	return record("Shift", y, func(dy *tensor.Tensor) []*tensor.Tensor { return grads(dy) }, x)
}
