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
	m := memoryOf(x)
	y := empty(m, n, c)
	forRows(n, c, func(i int) {
		row, out := x.Value.Row(i), y.Row(i)
		lse := logSumExp(row, out)
		for j, v := range row {
			out[j] = float32(float64(v) - lse)
		}
	})
	return record("LogSoftmax", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := empty(m, n, c)
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

// logSumExp returns log Σ e^x[j] in float64, from exponentials in float32. It
// overwrites scratch, which is as long as x. Subtracting the largest element
// first keeps the exponentials from overflowing.
func logSumExp(x, scratch []float32) float64 {
	top, sum := asm.ExpRow(scratch, x)
	if math.IsInf(float64(top), 0) {
		return float64(top) // no finite element to compare with
	}
	return float64(top) + math.Log(sum)
}
