package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// ScaleCols multiplies column j of x [n, c] by w[j].
//
//	y[i,j] = x[i,j]·w[j]    dx[i,j] = dy[i,j]·w[j]    dw[j] = Σᵢ dy[i,j]·x[i,j]
func ScaleCols(x, w *Var) *Var {
	n, c := matrix("ScaleCols", x.Value)
	wantShape("ScaleCols, weight", w.Value, c)
	m := memoryOf(x, w)
	scale := func(x *tensor.Tensor) *tensor.Tensor {
		y := empty(m, n, c)
		forRows(n, c, func(i int) { asm.Mul(y.Row(i), x.Row(i), w.Value.Data()) })
		return y
	}
	y := scale(x.Value)
	if !recorded(x, w) {
		return constant(y, m)
	}
	return record("ScaleCols", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = scale(dy)
		}
		if needsGrad(w) {
			dw = scaleGrad(dy, func(i, lo, hi int, dw, dy []float32) {
				for j, v := range x.Value.Row(i)[lo:hi] {
					dw[j] += dy[j] * v
				}
			})
		}
		return grads(dx, dw)
	}, x, w)
}
