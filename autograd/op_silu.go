package autograd

import "github.com/adagp/adagp/asm"

// SiLU is the sigmoid linear unit, also called swish, with σ the logistic
// function.
//
//	y = x·σ(x)    dx = dy·σ(x)·(1 + x·(1-σ(x)))
func SiLU(x *Var) *Var { return pointwise("SiLU", x, asm.SiLU, siluBackward) }

func siluBackward(dx, dy, x, _ []float32) {
	s := dx
	asm.Sigmoid(s, x)
	for i, v := range x {
		dx[i] = dy[i] * s[i] * (1 + v*(1-s[i]))
	}
}
