package autograd

import "github.com/adagp/adagp/asm"

// Sigmoid is the logistic function, element by element.
//
//	y = 1/(1+e⁻ˣ)    dx = dy·y·(1-y)
func Sigmoid(x *Var) *Var { return pointwise("Sigmoid", x, asm.Sigmoid, sigmoidBackward) }

func sigmoidBackward(dx, dy, _, y []float32) {
	for i, v := range y {
		dx[i] = dy[i] * v * (1 - v)
	}
}
