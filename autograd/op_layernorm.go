package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// LayerNorm brings every row of x [n, c] to mean 0 and variance 1, multiplies
// by w [c] and, unless it is nil, adds b [c] (Ba, Kiros and Hinton 2016,
// equations 3 and 4, with eps under the root; the variance is the biased one).
//
//	q = (var(x)+eps)^-½    n = (x-mean(x))·q    y = w ⊙ n + b    u = w ⊙ dy
//	dx = q·(u - mean(u) - n·mean(u⊙n))    dw[j] = Σᵢ dy[i,j]·n[i,j]    db[j] = Σᵢ dy[i,j]
func LayerNorm(x, w, b *Var, eps float32) *Var {
	n, c := matrix("LayerNorm", x.Value)
	wantShape("LayerNorm, weight", w.Value, c)
	var bias []float32
	if b != nil {
		wantShape("LayerNorm, bias", b.Value, c)
		bias = b.Value.Data()
	}
	weight := w.Value.Data()
	m := memoryOf(x, w, b)
	y := empty(m, n, c)
	if !recorded(x, w, b) {
		forRows(n, c, func(i int) { asm.LayerNormRow(y.Row(i), x.Value.Row(i), weight, bias, eps) })
		return constant(y, m)
	}
	mean, q := make([]float32, n), make([]float32, n)
	forRows(n, c, func(i int) {
		mean[i], q[i] = asm.LayerNormRow(y.Row(i), x.Value.Row(i), weight, bias, eps)
	})
	return record("LayerNorm", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = empty(x.tape.memory, n, c)
			forRows(n, c, func(i int) {
				layerNormBackward(dx.Row(i), dy.Row(i), x.Value.Row(i), weight, mean[i], q[i])
			})
		}
		if needsGrad(w) {
			dw = scaleGrad(dy, func(i, lo, hi int, dw, dy []float32) {
				xs := x.Value.Row(i)[lo:hi]
				for j, v := range xs {
					dw[j] += dy[j] * ((v - mean[i]) * q[i])
				}
			})
		}
		return grads(dx, dw, biasGrad(b, dy))
	}, x, w, b)
}

// layerNormBackward sets dx for one row.
func layerNormBackward(dx, dy, x, w []float32, mean, q float32) {
	u := dx
	asm.Mul(u, w, dy)
	sumU := asm.Sum(u)
	sumUN := (asm.DotWide(u, x) - float64(mean)*sumU) * float64(q)
	meanU, meanUN := float32(sumU/float64(len(x))), float32(sumUN/float64(len(x)))
	for j, v := range x {
		dx[j] = q * (u[j] - meanU - (v-mean)*q*meanUN)
	}
}
