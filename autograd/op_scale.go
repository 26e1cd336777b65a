package autograd

import "github.com/adagp/adagp/tensor"

// Scale returns s times x.
//
//	y = s·x    dx = s·dy
func Scale(x *Var, s float32) *Var {
	return record("Scale", tensor.Scale(x.Value, s), func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(tensor.Scale(dy, s))
	}, x)
}
