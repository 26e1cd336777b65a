package autograd

import (
	"math"

	"github.com/adagp/adagp/asm"
)

// GELU is the Gaussian error linear unit in its exact form (Hendrycks and
// Gimpel 2016, equation 1), with Φ and φ the standard normal distribution and
// density.
//
//	y = x·Φ(x)    dx = dy·(Φ(x) + x·φ(x))
func GELU(x *Var) *Var { return pointwise("GELU", x, asm.GELU, geluBackward) }

func geluBackward(dx, dy, x, _ []float32) {
	invSqrt2Pi := 1 / math.Sqrt(2*math.Pi)
	for i, v := range x {
		v := float64(v)
		cdf := 0.5 * math.Erfc(-v/math.Sqrt2)
		density := invSqrt2Pi * math.Exp(-0.5*v*v)
		dx[i] = float32(float64(dy[i]) * (cdf + v*density))
	}
}
