package autograd

import "github.com/adagp/adagp/tensor"

// AddBias adds b [c] to every row of x [n, c].
//
//	y[i,j] = x[i,j] + b[j]    dx = dy    db[j] = Σᵢ dy[i,j]
func AddBias(x, b *Var) *Var {
	y := emptyLike(memoryOf(x, b), x.Value)
	tensor.AddBiasInto(y, x.Value, b.Value)
	return record("AddBias", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(dy, biasGrad(b, dy))
	}, x, b)
}

// biasGrad returns the gradient of a bias added to every row, nil if unwanted.
func biasGrad(b *Var, dy *tensor.Tensor) *tensor.Tensor {
	if !needsGrad(b) {
		return nil
	}
	return tensor.SumRows(dy)
}
