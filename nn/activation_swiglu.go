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

// Minimize implements Minimizer for argument 1.
func (swiglu) Minimize(i int, in []*tensor.Tensor, m, a *tensor.Tensor, alpha, gamma float32) bool {
	if i != 1 {
		return false
	}
	s, z := in[0].Data(), in[1].Data()
	forElements("nn.SwiGLU.Minimize", in, m, a, func(lo, hi int) {
		asm.SiLU(z[lo:hi], s[lo:hi])
		minimizeFactor(z[lo:hi], z[lo:hi], m.Data()[lo:hi], a.Data()[lo:hi], float64(alpha), float64(gamma))
	})
	return true
}
