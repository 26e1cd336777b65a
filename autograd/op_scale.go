package autograd

import "github.com/adagp/adagp/tensor"

// Scale returns s times x.
//
//	y = s·x    dx = s·dy
func Scale(x *Var, s float32) *Var {
	scale := func(x *tensor.Tensor, m *memory) *tensor.Tensor {
		y := emptyLike(m, x)
		tensor.ScaleInto(y, x, s)
		return y
	}
	return record("Scale", scale(x.Value, memoryOf(x)), func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(scale(dy, x.tape.memory))
	}, x)
}
