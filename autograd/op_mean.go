package autograd

import "github.com/adagp/adagp/tensor"

// Mean returns the mean of all elements [1], added in float64; 0 if there are
// none.
//
//	y = Σ x / count    dx = dy/count everywhere
func Mean(x *Var) *Var {
	count := float64(max(x.Value.Len(), 1))
	return record("Mean", scalar(tensor.Sum(x.Value)/count), func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := emptyLike(x.tape.memory, x.Value)
		dx.Fill(float32(float64(dy.Data()[0]) / count))
		return grads(dx)
	}, x)
}
