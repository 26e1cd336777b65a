package autograd

import "github.com/adagp/adagp/tensor"

// Sum returns the sum of all elements [1], added in float64.
//
//	y = Σ x    dx = dy everywhere
func Sum(x *Var) *Var {
	return record("Sum", scalar(tensor.Sum(x.Value)), func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := emptyLike(x.tape.memory, x.Value)
		dx.Fill(dy.Data()[0])
		return grads(dx)
	}, x)
}
