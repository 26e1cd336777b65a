package autograd

import "github.com/adagp/adagp/asm"

// SoftCap bounds x to (-c, c) by a hyperbolic tangent (Bello et al. 2017); c must be positive.
//
//	y = c·tanh(x/c)    dx = dy·(1-(y/c)²)
func SoftCap(x *Var, c float32) *Var {
	return pointwise("SoftCap", x, func(y, x []float32) { softCap(y, x, c) }, func(dx, dy, _, y []float32) {
		softCapSlope(dx, y, c)
		asm.Mul(dx, dx, dy)
	})
}

// softCap sets y to c·tanh(x/c). They may be the same slice.
func softCap(y, x []float32, c float32) {
	asm.Scale(y, 1/c, x)
	asm.Tanh(y, y)
	asm.Scale(y, c, y)
}

// softCapSlope sets d to the derivative 1-(y/c)² of softCap where its value is y.
func softCapSlope(d, y []float32, c float32) {
	for i, v := range y {
		t := v / c
		d[i] = (1 - t) * (1 + t)
	}
}
