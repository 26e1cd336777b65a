package autograd

// Clamp bounds every element to [-c, c]; c must not be negative. NaN stays NaN.
//
//	y = min(c, max(-c, x))    dx = dy where |x| ≤ c, 0 elsewhere
func Clamp(x *Var, c float32) *Var {
	return pointwise("Clamp", x, func(y, x []float32) {
		for i, v := range x {
			y[i] = min(c, max(-c, v))
		}
	}, func(dx, dy, x, _ []float32) {
		for i, v := range x {
			dx[i] = 0
			if -c <= v && v <= c {
				dx[i] = dy[i]
			}
		}
	})
}
