package autograd

import "github.com/adagp/adagp/tensor"

// MSE returns the mean squared difference [1] between x and target, both of
// one shape. The target takes no gradient.
//
//	y = mean((x-t)²)    dx = dy·2·(x-t)/count
func MSE(x *Var, target *tensor.Tensor) *Var {
	wantSameShape("MSE, target", target, x.Value)
	diff := emptyLike(memoryOf(x), x.Value)
	tensor.SubInto(diff, x.Value, target)
	count := float64(max(diff.Len(), 1))
	return record("MSE", scalar(tensor.SumSquares(diff)/count), func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := emptyLike(x.tape.memory, diff)
		tensor.ScaleInto(dx, diff, float32(2*float64(dy.Data()[0])/count))
		return grads(dx)
	}, x)
}
