package nn

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Gated returns φ(s, z) = act(s) ⊙ z with the arguments gate (s) and up (z), for an activation of one argument
// (Shazeer 2020, equation 6); SwiGLU for SiLU. It is linear in z, so argument 1 has a closed-form AdaGP update;
// argument 0 has none.
func Gated(act Activation) (Activation, error) {
	if act.Arity() != 1 {
		return nil, fmt.Errorf("activation %q takes %d arguments, want one for the gate", act.Name(), act.Arity())
	}
	if act.Name() == SiLU.Name() {
		return SwiGLU, nil
	}
	return gated{act}, nil
}

type gated struct{ act Activation }

func (g gated) Name() string { return "gated " + g.act.Name() }
func (gated) Arity() int     { return 2 }

func (g gated) Apply(in ...*autograd.Var) *autograd.Var {
	checkArity(g, in)
	return autograd.Mul(g.act.Apply(in[0]), in[1])
}

// Minimize implements Minimizer for argument 1.
func (g gated) Minimize(i int, in []*tensor.Tensor, m, a *tensor.Tensor, alpha, gamma float32) bool {
	if i != 1 {
		return false
	}
	w := g.act.Apply(autograd.Const(in[0])).Value
	forElements("nn.Gated.Minimize", in, m, a, func(lo, hi int) {
		minimizeFactor(in[1].Data()[lo:hi], w.Data()[lo:hi], m.Data()[lo:hi], a.Data()[lo:hi], float64(alpha), float64(gamma))
	})
	return true
}

// minimizeFactor sets each z to the minimiser of al (z - m)² + ga (a - w z)²,
//
//	z = (al m + ga w a) / (al + ga w²).
//
// z may be w.
func minimizeFactor(z, w, m, a []float32, al, ga float64) {
	for k, v := range w {
		v := float64(v)
		z[k] = float32((al*float64(m[k]) + ga*v*float64(a[k])) / (al + ga*v*v))
	}
}
