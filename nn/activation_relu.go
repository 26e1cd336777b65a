package nn

import (
	"math"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// ReLU is φ(z) = max(0, z). Its argument has a closed-form AdaGP update.
var ReLU Activation = relu{unary{"relu", autograd.ReLU}}

type relu struct{ unary }

// Minimize implements Minimizer: z = argmin alpha (z - m)² + gamma (a - relu(z))². The two branches
// of relu have the minimisers
//
//	z⁺ = max(0, (gamma a + alpha m) / (gamma + alpha))   and   z⁻ = min(0, m)
//
// and the one with the smaller cost is taken, z⁺ on a tie.
func (relu) Minimize(i int, in []*tensor.Tensor, m, a *tensor.Tensor, alpha, gamma float32) bool {
	if i != 0 {
		return false
	}
	al, ga := float64(alpha), float64(gamma)
	z, md, ad := in[0].Data(), m.Data(), a.Data()
	forElements("nn.ReLU.Minimize", in, m, a, func(lo, hi int) {
		for k := lo; k < hi; k++ {
			mk, ak := float64(md[k]), float64(ad[k])
			pos, neg := max(0, (ga*ak+al*mk)/(ga+al)), min(0, mk)
			costPos := ga*(ak-pos)*(ak-pos) + al*(pos-mk)*(pos-mk)
			costNeg := ga*ak*ak + al*(neg-mk)*(neg-mk)
			// Which one is the smaller cannot be predicted. Of the bits b of a difference, -b&^b has the highest
			// one set if it is positive.
			b := math.Float64bits(costPos - costNeg)
			negative := uint64(int64(-b&^b) >> 63)
			z[k] = float32(math.Float64frombits(math.Float64bits(pos)&^negative | math.Float64bits(neg)&negative))
		}
	})
	return true
}
