package asm

import "math"

var vectorGeneric = vectorKernels{
	dot:        dotGeneric[float32],
	dot64:      dotGeneric[float64],
	dotWide:    dotWideGeneric,
	sum:        sumGeneric,
	sumSquares: sumSquaresGeneric,
	maxAbs:     maxAbsGeneric,

	axpy:   axpyGeneric[float32],
	axpy64: axpyGeneric[float64],
	scale:  scaleGeneric,
	add:    addGeneric,
	sub:    subGeneric,
	mul:    mulGeneric,
}

// The bodies below keep four running sums: an addition need not wait for the
// one before it, and the rounding error of a long sum shrinks by the way. The
// conversion T(x*y) rules out fused multiply-adds, which only some machines
// have. (A float64 product of two float32 is exact, fused or not.)

func dotGeneric[T Float](x, y []T) T {
	var s0, s1, s2, s3 T
	n := len(x)
	y = y[:n]
	i := 0
	for ; i+4 <= n; i += 4 {
		s0 += T(x[i] * y[i])
		s1 += T(x[i+1] * y[i+1])
		s2 += T(x[i+2] * y[i+2])
		s3 += T(x[i+3] * y[i+3])
	}
	for ; i < n; i++ {
		s0 += T(x[i] * y[i])
	}
	return (s0 + s1) + (s2 + s3)
}

func dotWideGeneric(x, y []float32) float64 {
	var s0, s1, s2, s3 float64
	n := len(x)
	y = y[:n]
	i := 0
	for ; i+4 <= n; i += 4 {
		s0 += float64(x[i]) * float64(y[i])
		s1 += float64(x[i+1]) * float64(y[i+1])
		s2 += float64(x[i+2]) * float64(y[i+2])
		s3 += float64(x[i+3]) * float64(y[i+3])
	}
	for ; i < n; i++ {
		s0 += float64(x[i]) * float64(y[i])
	}
	return (s0 + s1) + (s2 + s3)
}

func sumGeneric(x []float32) float64 {
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += float64(x[i])
		s1 += float64(x[i+1])
		s2 += float64(x[i+2])
		s3 += float64(x[i+3])
	}
	for ; i < len(x); i++ {
		s0 += float64(x[i])
	}
	return (s0 + s1) + (s2 + s3)
}

func sumSquaresGeneric(x []float32) float64 { return dotWideGeneric(x, x) }

func maxAbsGeneric(x []float32) float32 {
	// Without the sign bit, floats are ordered as their bit patterns are, and
	// every NaN lies above infinity: an integer maximum does all at once.
	var top uint32
	for _, v := range x {
		top = max(top, math.Float32bits(v)&^(1<<31))
	}
	return math.Float32frombits(top)
}

func axpyGeneric[T Float](alpha T, x, y []T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += T(alpha * v)
	}
}

func scaleGeneric(dst []float32, alpha float32, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = alpha * v
	}
}

func addGeneric(dst, x, y []float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		dst[i] = v + y[i]
	}
}

func subGeneric(dst, x, y []float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		dst[i] = v - y[i]
	}
}

func mulGeneric(dst, x, y []float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		dst[i] = v * y[i]
	}
}
