package autograd

import (
	"math"

	"github.com/adagp/adagp/asm"
)

// GELUTanh is the approximation of GELU by a hyperbolic tangent (Hendrycks
// and Gimpel 2016, section 2), which GPT-2 and others were trained with.
//
//	t = tanh(√(2/π)·(x + 0.044715·x³))
//	y = ½·x·(1+t)
//	dx = dy·(½·(1+t) + ½·x·(1-t²)·√(2/π)·(1 + 3·0.044715·x²))
func GELUTanh(x *Var) *Var { return pointwise("GELUTanh", x, asm.GELUTanh, geluTanhBackward) }

func geluTanhBackward(dx, dy, x, _ []float32) {
	const cubic = 0.044715
	scale := float32(math.Sqrt(2 / math.Pi))
	t := dx
	for i, v := range x {
		t[i] = scale * (v + cubic*v*v*v)
	}
	asm.Tanh(t, t)
	for i, v := range x {
		inner := scale * (1 + 3*cubic*v*v)
		dx[i] = dy[i] * (0.5*(1+t[i]) + 0.5*v*(1-t[i])*(1+t[i])*inner)
	}
}
