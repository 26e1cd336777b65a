package autograd

import (
	"slices"

	"github.com/adagp/adagp/tensor"
)

// ConcatCols puts matrices [n, cᵢ] side by side. The result is [n, Σ cᵢ].
//
//	y = [x₁ x₂ …]    dxᵢ = the columns of dy that came from xᵢ
func ConcatCols(xs ...*Var) *Var {
	rows, cols := 0, 0
	for i, x := range xs {
		n, c := matrix("ConcatCols", x.Value)
		if i > 0 && n != rows {
			panic(shapeError("ConcatCols", x.Value.Shape(), []int{rows, c}))
		}
		rows, cols = n, cols+c
	}
	inputs := slices.Clone(xs) // the caller may reuse the slice
	m := memoryOf(inputs...)
	y := empty(m, rows, cols)
	at := 0
	for _, x := range inputs {
		c := x.Value.Dim(1)
		for i := range rows {
			copy(y.Row(i)[at:at+c], x.Value.Row(i))
		}
		at += c
	}
	return record("ConcatCols", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dxs := make([]*tensor.Tensor, len(inputs))
		at := 0
		for k, x := range inputs {
			c := x.Value.Dim(1)
			if needsGrad(x) {
				dxs[k] = empty(m, rows, c)
				for i := range rows {
					copy(dxs[k].Row(i), dy.Row(i)[at:at+c])
				}
			}
			at += c
		}
		return dxs
	}, inputs...)
}
