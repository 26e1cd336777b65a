package adagp

import (
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// conjugateSteps is how many steps [conjugate] takes.
const conjugateSteps = 20

// conjugate is the update of a variable that only linear maps read, some of them with operators. Where
// [leastSquares] factors a matrix, it takes conjugate gradient steps on the same problem, from φ on, for which the
// maps A_l and their adjoints are enough:
//
//	(Σ_l w_l A_lᵀA_l + γI) δ = Σ_l w_l A_lᵀ(t_l − A_l φ − b_l)        v = φ + δ
//
// Every token has its own step lengths. No step raises the objective.
type conjugate struct{ ofVariable }

func (u conjugate) apply() {
	phi := u.v.source.prediction()
	u.v.at.CopyFrom(phi)
	residual := tensor.New(phi.Shape()...)
	for _, l := range u.v.links {
		r := tensor.Sub(l.output(), l.apply(u.v.tape.Const(phi)).Value)
		tensor.AddScaled(residual, float32(l.penalty()), l.Adjoint(r, l.w32))
	}
	direction := residual.Clone()
	rz := products(residual, residual)
	for range conjugateSteps {
		image := u.normal(direction)
		curvature := products(direction, image)
		rows(phi, func(n int) {
			if !(curvature[n] > 0) {
				return
			}
			step := rz[n] / curvature[n]
			v, r, d, q := u.v.at.Row(n), residual.Row(n), direction.Row(n), image.Row(n)
			for k := range v {
				v[k] += float32(step * float64(d[k]))
				r[k] -= float32(step * float64(q[k]))
			}
		})
		before := slices.Clone(rz)
		rz = products(residual, residual)
		rows(phi, func(n int) {
			if !(before[n] > 0) {
				return
			}
			beta := rz[n] / before[n]
			r, d := residual.Row(n), direction.Row(n)
			for k := range d {
				d[k] = r[k] + float32(beta*float64(d[k]))
			}
		})
	}
}

// normal returns (Σ_l w_l A_lᵀA_l + γI)·d for each token.
func (u conjugate) normal(d *tensor.Tensor) *tensor.Tensor {
	sum := tensor.Scale(d, float32(u.v.source.penalty))
	for _, l := range u.v.links {
		image := tensor.MatMulNT(l.Enters(u.v.tape.Const(d)).Value, l.w32)
		tensor.AddScaled(sum, float32(l.penalty()), l.Adjoint(l.Leaves(u.v.tape.Const(image)).Value, l.w32))
	}
	return sum
}

// products are the products of the rows of two tensors.
func products(a, b *tensor.Tensor) []float64 {
	sums := make([]float64, a.Dim(0))
	rows(a, func(n int) {
		y := b.Row(n)
		for k, v := range a.Row(n) {
			sums[n] += float64(v) * float64(y[k])
		}
	})
	return sums
}

// rows calls body for the number of every row, in parallel.
func rows(t *tensor.Tensor, body func(n int)) {
	parallel.Rows(t.Dim(0), t.Dim(1), body)
}
