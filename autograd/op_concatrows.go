package autograd

import (
	"slices"

	"github.com/adagp/adagp/tensor"
)

// ConcatRows puts matrices [nᵢ, c] below each other. The result is [Σ nᵢ, c].
//
//	y = [x₁; x₂; …]    dxᵢ = the rows of dy that came from xᵢ
func ConcatRows(xs ...*Var) *Var {
	rows, cols := 0, 0
	for i, x := range xs {
		n, c := matrix("ConcatRows", x.Value)
		if i > 0 && c != cols {
			panic(shapeError("ConcatRows", x.Value.Shape(), []int{n, cols}))
		}
		rows, cols = rows+n, c
	}
	m := memoryOf(xs...)
	y := empty(m, rows, cols)
	at := 0
	for _, x := range xs {
		at += copy(y.Data()[at:], x.Value.Data())
	}
	inputs := slices.Clone(xs) // the caller may reuse the slice
	return record("ConcatRows", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dxs := make([]*tensor.Tensor, len(inputs))
		at := 0
		for i, x := range inputs {
			n := x.Value.Dim(0)
			if needsGrad(x) {
				dxs[i] = emptyLike(m, x.Value)
				dxs[i].CopyFrom(dy.Rows(at, at+n))
			}
			at += n
		}
		return dxs
	}, inputs...)
}
