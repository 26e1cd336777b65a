package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// ScaleRows multiplies row i of x [n, c] by w[i].
//
//	y[i,j] = x[i,j]·w[i]    dx[i,j] = dy[i,j]·w[i]    dw[i] = Σⱼ dy[i,j]·x[i,j]
func ScaleRows(x, w *Var) *Var {
	n, c := matrix("ScaleRows", x.Value)
	wantShape("ScaleRows, weights", w.Value, n)
	m := memoryOf(x, w)
	scale := func(x *tensor.Tensor) *tensor.Tensor {
		y := empty(m, n, c)
		forRows(n, c, func(i int) { asm.Scale(y.Row(i), w.Value.Data()[i], x.Row(i)) })
		return y
	}
	y := scale(x.Value)
	if !recorded(x, w) {
		return constant(y, m)
	}
	return record("ScaleRows", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = scale(dy)
		}
		if needsGrad(w) {
			dw = tensor.New(n)
			forRows(n, c, func(i int) { dw.Data()[i] = asm.Dot(dy.Row(i), x.Value.Row(i)) })
		}
		return grads(dx, dw)
	}, x, w)
}
