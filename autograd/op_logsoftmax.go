package autograd

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// LogSoftmax returns the logarithm of the softmax of every row of x [n, c].
//
//	y[j] = x[j] - log Σₖ e^x[k]    dx[j] = dy[j] - e^y[j]·Σₖ dy[k]
func LogSoftmax(x *Var) *Var {
	n, c := matrix("LogSoftmax", x.Value)
	y := tensor.New(n, c)
	forRows(n, c, func(i int) {
		row, out := x.Value.Row(i), y.Row(i)
		lse := logSumExp(row)
		for j, v := range row {
			out[j] = float32(float64(v) - lse)
		}
	})
	return record("LogSoftmax", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := tensor.New(n, c)
		forRows(n, c, func(i int) {
			dyRow, dxRow := dy.Row(i), dx.Row(i)
			total := float32(asm.Sum(dyRow))
			asm.Exp(dxRow, y.Row(i))
			for j, p := range dxRow {
				dxRow[j] = dyRow[j] - p*total
			}
		})
		return grads(dx)
	}, x)
}

// logSumExp returns log Σ e^x[j] in float64. Subtracting the largest element
// first keeps the exponentials from overflowing.
func logSumExp(x []float32) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return top // no finite element to compare with
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}
