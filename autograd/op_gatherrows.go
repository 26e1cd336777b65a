package autograd

import (
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// GatherRows returns the given rows of x [n, c], each from 0 to n-1 and as often as one likes:
// [len(rows), c]. The gradient is a full [n, c] tensor.
//
//	y[i] = x[rows[i]]    dx[r] = Σ over rows[i] = r of dy[i]
func GatherRows(x *Var, rows []int) *Var { return gatherRows("GatherRows", x, rows) }

// gatherRows is GatherRows by the name of the operation that the caller has called.
func gatherRows(op string, x *Var, rows []int) *Var {
	n, c := matrix(op, x.Value)
	checkRows(op, rows, n)
	m := memoryOf(x)
	y := empty(m, len(rows), c)
	for i, r := range rows {
		copy(y.Row(i), x.Value.Row(r))
	}
	if !recorded(x) {
		return constant(y, m)
	}
	rows = slices.Clone(rows) // the caller may reuse the slice
	return record(op, y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := zeros(m, n, c)
		addRows(dx, dy, rows)
		return grads(dx)
	}, x)
}

// checkRows panics unless every row is from 0 to n-1.
func checkRows(op string, rows []int, n int) {
	for _, r := range rows {
		if r < 0 || r >= n {
			panic(&tensor.ShapeError{Op: "autograd." + op, Got: []int{r}, Want: []int{n}, Msg: "number of a row"})
		}
	}
}

// addRows adds row i of x to row rows[i] of dst. Threads take columns, so that no two write one element and a
// repeated row adds up in order.
func addRows(dst, x *tensor.Tensor, rows []int) {
	parallel.For(x.Dim(1), max(16, rowWork/max(1, len(rows))), func(lo, hi int) {
		for i, r := range rows {
			to := dst.Row(r)[lo:hi]
			for j, v := range x.Row(i)[lo:hi] {
				to[j] += v
			}
		}
	})
}
