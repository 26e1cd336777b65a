package autograd

import "github.com/adagp/adagp/asm"

// Exp returns e^x, element by element.
//
//	y = e^x    dx = dy·y
func Exp(x *Var) *Var {
	return pointwise("Exp", x, asm.Exp, func(dx, dy, _, y []float32) { asm.Mul(dx, dy, y) })
}
