package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// ScaleCols multiplies column j of x [n, c] by w[j].
//
//	y[i,j] = x[i,j]·w[j]    dx[i,j] = dy[i,j]·w[j]    dw[j] = Σᵢ dy[i,j]·x[i,j]
func ScaleCols(x, w *Var) *Var {
	_, c := matrix("ScaleCols", x.Value)
	wantShape("ScaleCols, weight", w.Value, c)
	return scaleLines("ScaleCols", x, w, func(i int, y, x []float32) { asm.Mul(y, x, w.Value.Data()) },
		func(dy *tensor.Tensor) *tensor.Tensor {
			return scaleGrad(dy, func(i, lo, hi int, dw, dy []float32) {
				for j, v := range x.Value.Row(i)[lo:hi] {
					dw[j] += dy[j] * v
				}
			})
		})
}

// scaleLines records an operation that multiplies rows or columns of x [n, c] by elements of w: scale writes row i of
// the product, from that row of x or, for the gradient, of dy; weightGrad returns dw.
func scaleLines(op string, x, w *Var, scale func(i int, y, x []float32), weightGrad func(dy *tensor.Tensor) *tensor.Tensor) *Var {
	n, c := matrix(op, x.Value)
	m := memoryOf(x, w)
	scaled := func(x *tensor.Tensor) *tensor.Tensor {
		y := empty(m, n, c)
		forRows(n, c, func(i int) { scale(i, y.Row(i), x.Row(i)) })
		return y
	}
	y := scaled(x.Value)
	if !recorded(x, w) {
		return constant(y, m)
	}
	return record(op, y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = scaled(dy)
		}
		if needsGrad(w) {
			dw = weightGrad(dy)
		}
		return grads(dx, dw)
	}, x, w)
}
