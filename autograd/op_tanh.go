package autograd

import "github.com/adagp/adagp/asm"

// Tanh is the hyperbolic tangent, element by element.
//
//	y = tanh x    dx = dy·(1-y²)
func Tanh(x *Var) *Var { return pointwise("Tanh", x, asm.Tanh, tanhBackward) }

func tanhBackward(dx, dy, _, y []float32) {
	for i, v := range y {
		dx[i] = dy[i] * (1 - v) * (1 + v)
	}
}
