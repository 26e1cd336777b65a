package nn

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// SwiGLU is φ(s, z) = silu(s) ⊙ z with the arguments gate (s) and up (z). It is linear in z, so
// argument 1 has a closed-form AdaGP update; argument 0 has none.
var SwiGLU Activation = swiglu{}

type swiglu struct{}

func (swiglu) Name() string { return "swiglu" }
func (swiglu) Arity() int   { return 2 }

func (g swiglu) Apply(in ...*autograd.Var) *autograd.Var {
	checkArity(g, in)
	return autograd.SwiGLU(in[0], in[1])
}

// Minimize implements Minimizer for argument 1: with w = silu(s),
//
//	z = (alpha m + gamma w a) / (alpha + gamma w²).
func (swiglu) Minimize(i int, in []*tensor.Tensor, m, a *tensor.Tensor, alpha, gamma float32) bool {
	if i != 1 {
		return false
	}
	al, ga := float64(alpha), float64(gamma)
	s, z, md, ad := in[0].Data(), in[1].Data(), m.Data(), a.Data()
	forElements("nn.SwiGLU.Minimize", in, m, a, func(lo, hi int) {
		asm.SiLU(z[lo:hi], s[lo:hi])
		for k, w := range z[lo:hi] {
			w, k := float64(w), lo+k
			z[k] = float32((al*float64(md[k]) + ga*w*float64(ad[k])) / (al + ga*w*w))
		}
	})
	return true
}
