package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Softmax returns the softmax of every row of x [n, c].
//
//	y[j] = e^x[j] / Σₖ e^x[k]    dx = y ⊙ (dy - Σₖ dy[k]·y[k])
func Softmax(x *Var) *Var {
	n, c := matrix("Softmax", x.Value)
	m := memoryOf(x)
	y := empty(m, n, c)
	forRows(n, c, func(i int) { asm.SoftmaxRow(y.Row(i), x.Value.Row(i)) })
	return record("Softmax", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := empty(m, n, c)
		forRows(n, c, func(i int) { softmaxBackward(dx.Row(i), dy.Row(i), y.Row(i)) })
		return grads(dx)
	}, x)
}

// softmaxBackward sets dx for one row of probabilities p; dx may be dp.
func softmaxBackward(dx, dp, p []float32) {
	mean := asm.Dot(dp, p)
	for j, v := range p {
		dx[j] = v * (dp[j] - mean)
	}
}
