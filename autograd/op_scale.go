package autograd

import "github.com/adagp/adagp/tensor"

// Scale returns s times x.
//
//	y = s·x    dx = s·dy
func Scale(x *Var, s float32) *Var {
	m := memoryOf(x)
	scale := func(x *tensor.Tensor) *tensor.Tensor {
		y := emptyLike(m, x)
		tensor.ScaleInto(y, x, s)
		return y
	}
	y := scale(x.Value)
	if !recorded(x) {
		return constant(y, m)
	}
	return record("Scale", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(scale(dy))
	}, x)
}
