package autograd

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// RMSNorm scales every row of x [n, c] to root mean square 1 and multiplies
// by w [c] (Zhang and Sennrich 2019, equation 4, with eps under the root).
//
//	q = (mean(x²)+eps)^-½    y = w ⊙ x·q
//	dx = q·(w⊙dy) - x·q³·mean(w⊙dy⊙x)    dw[j] = Σᵢ dy[i,j]·x[i,j]·q[i]
func RMSNorm(x, w *Var, eps float32) *Var {
	n, c := matrix("RMSNorm", x.Value)
	wantShape("RMSNorm, weight", w.Value, c)
	weight := w.Value.Data()
	m := memoryOf(x, w)
	y := empty(m, n, c)
	if !recorded(x, w) {
		forRows(n, c, func(i int) { asm.RMSNormRow(y.Row(i), x.Value.Row(i), weight, eps) })
		return constant(y, m)
	}
	q := make([]float32, n)
	forRows(n, c, func(i int) {
		q[i] = asm.RMSNormRow(y.Row(i), x.Value.Row(i), weight, eps)
	})
	return record("RMSNorm", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = empty(x.tape.memory, n, c)
			forRows(n, c, func(i int) {
				rmsNormBackward(dx.Row(i), dy.Row(i), x.Value.Row(i), weight, q[i])
			})
		}
		if needsGrad(w) {
			dw = scaleGrad(dy, func(i, lo, hi int, dw, dy []float32) {
				xs := x.Value.Row(i)[lo:hi]
				for j, v := range xs {
					dw[j] += dy[j] * (v * q[i])
				}
			})
		}
		return grads(dx, dw)
	}, x, w)
}

// rmsNormBackward sets dx for one row.
func rmsNormBackward(dx, dy, x, w []float32, q float32) {
	asm.Mul(dx, w, dy)
	mean := asm.DotWide(dx, x) / float64(len(x))
	k := float32(mean * math.Pow(float64(q), 3))
	for j, v := range x {
		dx[j] = q*dx[j] - k*v
	}
}

// scaleGrad adds up the gradient of a vector [c] that multiplies every row,
// given dy [n, c]. add puts the share of row i, columns lo to hi, into dw; both
// slices are cut to those columns. Threads take columns and go through the rows
// in order, so the sums do not depend on their number.
func scaleGrad(dy *tensor.Tensor, add func(i, lo, hi int, dw, dy []float32)) *tensor.Tensor {
	n, c := dy.Dim(0), dy.Dim(1)
	dw := tensor.New(c)
	parallel.For(c, max(16, rowWork/max(1, n)), func(lo, hi int) {
		for i := range n {
			add(i, lo, hi, dw.Data()[lo:hi], dy.Row(i)[lo:hi])
		}
	})
	return dw
}
