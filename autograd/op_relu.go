package autograd

import "math"

// ReLU returns max(x, 0), element by element. The derivative at 0 is taken
// as 0.
//
//	y = max(x, 0)    dx = dy if x > 0, else 0
func ReLU(x *Var) *Var { return pointwise("ReLU", x, relu, reluBackward) }

func relu(y, x []float32) {
	for i, v := range x {
		y[i] = max(v, 0) // max keeps NaN, so a broken model is noticed
	}
}

// reluBackward has no branch, since which activations are positive cannot be
// predicted. Of the bits b of x, -b&^b has the highest one set if x > 0, and not
// if x is negative, 0 or -0.
func reluBackward(dx, dy, x, _ []float32) {
	for i, v := range x {
		b := math.Float32bits(v)
		keep := uint32(int32(-b&^b) >> 31)
		dx[i] = math.Float32frombits(math.Float32bits(dy[i]) & keep)
	}
}
