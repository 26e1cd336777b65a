package asm

import "math"

// Dot returns Σ x[i]·y[i].
func Dot(x, y []float32) float32 { return float32(DotWide(x, y)) }

// DotWide returns Σ x[i]·y[i], accumulated in float64.
func DotWide(x, y []float32) float64 {
	s := 0.0
	for i, v := range x {
		s += float64(v) * float64(y[i])
	}
	return s
}

// Dot64 returns Σ x[i]·y[i].
func Dot64(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// Axpy sets y += alpha·x.
func Axpy(alpha float32, x, y []float32) {
	for i, v := range x {
		y[i] += alpha * v
	}
}

// Axpy64 sets y += alpha·x.
func Axpy64(alpha float64, x, y []float64) {
	for i, v := range x {
		y[i] += alpha * v
	}
}

// Scale sets dst = alpha·x.
func Scale(dst []float32, alpha float32, x []float32) {
	for i, v := range x {
		dst[i] = alpha * v
	}
}

// Add sets dst = x + y.
func Add(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v + y[i]
	}
}

// Sub sets dst = x - y.
func Sub(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v - y[i]
	}
}

// Mul sets dst = x ⊙ y.
func Mul(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v * y[i]
	}
}

// Sum returns Σ x[i], accumulated in float64.
func Sum(x []float32) float64 {
	s := 0.0
	for _, v := range x {
		s += float64(v)
	}
	return s
}

// SumSquares returns Σ x[i]², accumulated in float64.
func SumSquares(x []float32) float64 { return DotWide(x, x) }

// MaxAbs returns max |x[i]|, NaN if there is one.
func MaxAbs(x []float32) float32 {
	m := float32(0)
	for _, v := range x {
		if v != v {
			return v
		}
		m = max(m, float32(math.Abs(float64(v))))
	}
	return m
}

// Exp sets dst = eˣ.
func Exp(dst, x []float32) { apply(dst, x, math.Exp) }

// Tanh sets dst = tanh x.
func Tanh(dst, x []float32) { apply(dst, x, math.Tanh) }

// Sigmoid sets dst = 1/(1+e⁻ˣ).
func Sigmoid(dst, x []float32) {
	apply(dst, x, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) })
}

// SiLU sets dst = x·sigmoid(x).
func SiLU(dst, x []float32) {
	apply(dst, x, func(v float64) float64 { return v / (1 + math.Exp(-v)) })
}

// GELU sets dst = x·Φ(x).
func GELU(dst, x []float32) {
	apply(dst, x, func(v float64) float64 { return 0.5 * v * math.Erfc(-v/math.Sqrt2) })
}

// GELUTanh sets dst to the tanh form of GELU.
func GELUTanh(dst, x []float32) {
	apply(dst, x, func(v float64) float64 {
		return 0.5 * v * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
	})
}

func apply(dst, x []float32, f func(float64) float64) {
	for i, v := range x {
		dst[i] = float32(f(float64(v)))
	}
}

// SoftmaxRow sets dst = softmax(x).
func SoftmaxRow(dst, x []float32) {
	top := float32(math.Inf(-1))
	for _, v := range x {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range x {
		e := math.Exp(float64(v - top))
		dst[i] = float32(e)
		sum += e
	}
	Scale(dst, float32(1/sum), dst)
}

// RMSNormRow sets dst = w ⊙ x/√(mean(x²)+eps) and returns 1/√(mean(x²)+eps).
func RMSNormRow(dst, x, w []float32, eps float32) float32 {
	inv := float32(1 / math.Sqrt(SumSquares(x)/float64(len(x))+float64(eps)))
	for i, v := range x {
		dst[i] = v * inv * w[i]
	}
	return inv
}

// LayerNormRow sets dst = w ⊙ (x-mean)/√(var+eps) + b; b may be nil.
func LayerNormRow(dst, x, w, b []float32, eps float32) (mean, invStd float32) {
	mu := Sum(x) / float64(len(x))
	s := 0.0
	for _, v := range x {
		d := float64(v) - mu
		s += d * d
	}
	mean = float32(mu)
	invStd = float32(1 / math.Sqrt(s/float64(len(x))+float64(eps)))
	for i, v := range x {
		y := (v - mean) * invStd * w[i]
		if b != nil {
			y += b[i]
		}
		dst[i] = y
	}
	return mean, invStd
}

// RoPERow rotates pairs (x[i], x[i+half]) of each head, half = len(cos).
func RoPERow(dst, x, cos, sin []float32) {
	half := len(cos)
	for o := 0; o+2*half <= len(x) && half > 0; o += 2 * half {
		for i, c := range cos {
			lo, hi := x[o+i], x[o+half+i]
			dst[o+i] = lo*c - hi*sin[i]
			dst[o+half+i] = hi*c + lo*sin[i]
		}
	}
}
