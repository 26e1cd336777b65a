package decoder

import "math"

// ALiBiSlopes returns the slopes of linear biases for a number of heads, 2^(-8/n), 2^(-16/n), …, where that is a power
// of two n; otherwise those of the largest one below, followed by every second one of twice as many heads (Press et al.
// 2022).
func ALiBiSlopes(heads int) []float32 {
	n := 1
	for 2*n <= heads {
		n *= 2
	}
	slopes := make([]float32, max(0, heads))
	for h := range slopes {
		if h < n {
			slopes[h] = slope(n, h+1)
		} else {
			slopes[h] = slope(2*n, 2*(h-n)+1)
		}
	}
	return slopes
}

// slope is the k-th slope of n heads, as powers of a base in float32.
func slope(n, k int) float32 {
	base := float32(math.Exp2(-8 / float64(n)))
	return float32(math.Pow(float64(base), float64(k)))
}
