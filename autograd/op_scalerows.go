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
	return scaleLines("ScaleRows", x, w, func(i int, y, x []float32) { asm.Scale(y, w.Value.Data()[i], x) },
		func(dy *tensor.Tensor) *tensor.Tensor {
			dw := tensor.New(n)
			forRows(n, c, func(i int) { dw.Data()[i] = asm.Dot(dy.Row(i), x.Value.Row(i)) })
			return dw
		})
}
