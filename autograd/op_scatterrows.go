package autograd

import (
	"slices"

	"github.com/adagp/adagp/tensor"
)

// ScatterRows adds the rows of x [len(rows), c] to the given rows of a matrix [n, c] of zeros. It is the other
// way of [GatherRows].
//
//	y[r] = Σ over rows[i] = r of x[i]    dx[i] = dy[rows[i]]
func ScatterRows(x *Var, rows []int, n int) *Var {
	count, c := matrix("ScatterRows", x.Value)
	if len(rows) != count {
		panic(shapeError("ScatterRows, rows", []int{len(rows)}, []int{count}))
	}
	checkRows("ScatterRows", rows, n)
	rows = slices.Clone(rows) // the caller may reuse the slice
	m := memoryOf(x)
	y := zeros(m, n, c)
	addRows(y, x.Value, rows)
	return record("ScatterRows", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := empty(m, count, c)
		for i, r := range rows {
			copy(dx.Row(i), dy.Row(r))
		}
		return grads(dx)
	}, x)
}
