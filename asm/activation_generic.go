package asm

import "math"

var activationGeneric = activationKernels{
	exp:        expGeneric,
	tanh:       tanhGeneric,
	sigmoid:    sigmoidGeneric,
	silu:       siluGeneric,
	gelu:       geluGeneric,
	geluTanh:   geluTanhGeneric,
	swiglu:     swigluGeneric,
	swigluGrad: swigluGradGeneric,
}

// These bodies compute in float64, which costs a scalar processor nothing extra
// and leaves the final rounding to float32 as the only error that shows.

const (
	// Beyond these, e^x rounds to 0 and to infinity in float32.
	expLow  = -104
	expHigh = 89

	// roundShift added to a float64 of moderate size rounds it to an integer,
	// which then stands in the low bits of the sum.
	roundShift = 0x1.8p52
)

// expWide returns e^x with a relative error below 2⁻³⁰, for |x| up to 700.
//
// With n = round(x/ln 2), e^x = 2ⁿ·e^r and |r| ≤ ln(2)/2; e^r is its Taylor
// polynomial of degree 8.
func expWide(x float64) float64 {
	shifted := x*math.Log2E + roundShift
	r := x - (shifted-roundShift)*math.Ln2
	r2 := r * r
	r4 := r2 * r2
	p := (1 + r) + r2*(1./2+r*(1./6)) + r4*((1./24+r*(1./120))+r2*(1./720+r*(1./5040))) + r4*r4*(1./40320)
	// 2ⁿ by writing n to the exponent.
	return p * math.Float64frombits((math.Float64bits(shifted)+1023)<<52)
}

func exp32(x float32) float32 {
	switch {
	case x < expLow:
		return 0
	case x > expHigh:
		return float32(math.Inf(1))
	case x != x:
		return x
	}
	return float32(expWide(float64(x)))
}

// sigmoidWide returns 1/(1+e^-x).
func sigmoidWide(x float64) float64 {
	switch {
	case x < -700:
		return 0
	case x > 700:
		return 1
	case x != x:
		return x
	}
	return 1 / (1 + expWide(-x))
}

// tanhWide returns tanh x with a relative error below 2⁻²⁷.
func tanhWide(x float64) float64 {
	if math.Abs(x) < 0.25 {
		// 1 - 2/(e^2x+1) would cancel. Taylor polynomial of degree 11.
		x2 := x * x
		return x * (1 + x2*(-1./3+x2*(2./15+x2*(-17./315+x2*(62./2835-x2*(1382./155925))))))
	}
	switch {
	case x > 20:
		return 1
	case x < -20:
		return -1
	case x != x:
		return x
	}
	return 1 - 2/(expWide(2*x)+1)
}

func expGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = exp32(v)
	}
}

func tanhGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = float32(tanhWide(float64(v)))
	}
}

func sigmoidGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = float32(sigmoidWide(float64(v)))
	}
}

// silu32 returns x·sigmoid(x).
func silu32(x float32) float32 {
	if x < -700 { // also -Inf, where the product would be NaN
		return float32(math.Copysign(0, -1))
	}
	return float32(float64(x) * sigmoidWide(float64(x)))
}

func siluGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = silu32(v)
	}
}

func swigluGeneric(dst, gate, up []float32) {
	dst, up = dst[:len(gate)], up[:len(gate)]
	for i, v := range gate {
		dst[i] = silu32(v) * up[i]
	}
}

func swigluGradGeneric(dGate, dUp, dy, gate, up []float32) {
	n := len(dy)
	dGate, dUp, gate, up = dGate[:n], dUp[:n], gate[:n], up[:n]
	for i, d := range dy {
		x := max(float64(gate[i]), -700) // also -Inf, where products would be NaN
		s := sigmoidWide(x)
		silu := x * s
		d := float64(d)
		u := float64(up[i])
		dUp[i] = float32(d * silu)
		dGate[i] = float32(d * u * (s + silu*(1-s)))
	}
}

func geluGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		w := float64(v)
		if w < -40 { // also -Inf, where the product would be NaN
			dst[i] = float32(math.Copysign(0, -1))
			continue
		}
		dst[i] = float32(0.5 * w * math.Erfc(w*(-1/math.Sqrt2)))
	}
}

func geluTanhGeneric(dst, x []float32) {
	// (1 + tanh y)/2 = sigmoid(2y), which does not cancel for negative y.
	const twice = 2 * 0.79788456080286535587989211986876 // 2·√(2/π)
	dst = dst[:len(x)]
	for i, v := range x {
		w := float64(v)
		if w < -40 {
			dst[i] = float32(math.Copysign(0, -1))
			continue
		}
		dst[i] = float32(w * sigmoidWide(twice*w*(1+0.044715*w*w)))
	}
}
