package autograd

import "math"

// Log returns the natural logarithm, element by element.
//
//	y = ln x    dx = dy/x
func Log(x *Var) *Var {
	return pointwise("Log", x, func(y, x []float32) {
		for i, v := range x {
			y[i] = float32(math.Log(float64(v)))
		}
	}, func(dx, dy, x, _ []float32) {
		for i, v := range x {
			dx[i] = dy[i] / v
		}
	})
}
