package optim

import (
	"math"

	"github.com/nlpodyssey/spago/mat"
	spago "github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers/adam"
)

// adamStep does what o.OptimizeParams does for Adam without weight decay, on the same state and to the
// same bits, in one pass over the operands instead of a dozen: steps over the few weights that
// pruning leaves would otherwise be a tenth of the time of tuning them.
func adamStep(o *adam.Adam, p *spago.Param) {
	s, state := p.Matrix.(shared), p.State.(*adam.State)
	w, g := mat.Data[float32](s.Dense), mat.Data[float32](s.grad)
	first, second := mat.Data[float32](state.V), mat.Data[float32](state.M)
	beta1, rest1 := float32(o.Beta1), float32(1-o.Beta1)
	beta2, rest2 := float32(o.Beta2), float32(1-o.Beta2)
	epsilon, alpha := float32(o.Epsilon), float32(o.Alpha)
	w, first, second = w[:len(g)], first[:len(g)], second[:len(g)]
	for i, x := range g {
		// Conversions rule out fused multiply-adds, which spago does not use.
		v := float32(first[i]*beta1) + float32(x*rest1)
		m := float32(second[i]*beta2) + float32(float32(x*x)*rest2)
		first[i], second[i] = v, m
		w[i] -= float32(v / (float32(math.Sqrt(float64(m))) + epsilon) * alpha)
		g[i] = 0
	}
}
