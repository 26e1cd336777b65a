package autograd

import "github.com/adagp/adagp/tensor"

// SumSquares returns the sum of the squares of all elements [1].
//
//	y = Σ x²    dx = dy·2·x
func SumSquares(x *Var) *Var {
	return record("SumSquares", scalar(tensor.SumSquares(x.Value)), func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := emptyLike(x.tape.memory, x.Value)
		tensor.ScaleInto(dx, x.Value, 2*dy.Data()[0])
		return grads(dx)
	}, x)
}
