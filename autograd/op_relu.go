package autograd

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

func reluBackward(dx, dy, x, _ []float32) {
	for i, v := range x {
		if v > 0 {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}
