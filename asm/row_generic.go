package asm

import "math"

var rowGeneric = rowKernels{
	exp:       expRowGeneric,
	softmax:   softmaxRowGeneric,
	rmsNorm:   rmsNormRowGeneric,
	layerNorm: layerNormRowGeneric,
	rope:      ropeRowGeneric,
}

func expRowGeneric(dst, x []float32) (top float32, sum float64) {
	top = maxOf(x)
	dst = dst[:len(x)]
	for i, v := range x {
		e := exp32(v - top)
		dst[i] = e
		sum += float64(e)
	}
	return top, sum
}

func softmaxRowGeneric(dst, x []float32) {
	_, sum := expRowGeneric(dst, x)
	scaleGeneric(dst, float32(1/sum), dst)
}

// maxOf returns the largest element, NaN if there is one, -Inf for none.
func maxOf(x []float32) float32 {
	top := float32(math.Inf(-1))
	for _, v := range x {
		if !(v <= top) {
			top = v
			if v != v {
				break
			}
		}
	}
	return top
}

func rmsNormRowGeneric(dst, x, w []float32, eps float32) float32 {
	r := float32(1 / math.Sqrt(sumSquaresGeneric(x)/float64(len(x))+float64(eps)))
	dst, w = dst[:len(x)], w[:len(x)]
	for i, v := range x {
		dst[i] = v * r * w[i]
	}
	return r
}

func layerNormRowGeneric(dst, x, w, b []float32, eps float32) (mean, invStd float32) {
	n := float64(len(x))
	mu := sumGeneric(x) / n
	squares := 0.0
	for _, v := range x {
		d := float64(v) - mu
		squares += d * d
	}
	mean = float32(mu)
	invStd = float32(1 / math.Sqrt(squares/n+float64(eps)))
	dst, w = dst[:len(x)], w[:len(x)]
	if b == nil {
		for i, v := range x {
			dst[i] = (v - mean) * invStd * w[i]
		}
		return mean, invStd
	}
	b = b[:len(x)]
	for i, v := range x {
		dst[i] = (v-mean)*invStd*w[i] + b[i]
	}
	return mean, invStd
}

func ropeRowGeneric(dst, x, cos, sin []float32) {
	h := len(cos)
	sin = sin[:h]
	for len(x) >= 2*h {
		x0, x1 := x[:h], x[h:2*h]
		d0, d1 := dst[:h], dst[h:2*h]
		for i, c := range cos {
			s, lo, hi := sin[i], x0[i], x1[i]
			d0[i] = lo*c - hi*s
			d1[i] = hi*c + lo*s
		}
		x, dst = x[2*h:], dst[2*h:]
	}
}
