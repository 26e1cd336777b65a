package asm

import "math"

var peakGeneric = peakKernels{
	multiplyAdd32: multiplyAddGeneric[float32], elements32: genericRegisters,
	multiplyAdd64: multiplyAddGeneric[float64], elements64: genericRegisters,
	read: readGeneric,
}

// genericRegisters is how many sums the loop in Go has: as many as hide the
// latency of a product and a sum, and fit the registers with a and b.
const genericRegisters = 12

func multiplyAddGeneric[T Float](turns int, a, b T) {
	var x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 T
	for range turns {
		x0 = T(a*x0) + b
		x1 = T(a*x1) + b
		x2 = T(a*x2) + b
		x3 = T(a*x3) + b
		x4 = T(a*x4) + b
		x5 = T(a*x5) + b
		x6 = T(a*x6) + b
		x7 = T(a*x7) + b
		x8 = T(a*x8) + b
		x9 = T(a*x9) + b
		x10 = T(a*x10) + b
		x11 = T(a*x11) + b
	}
	// Somebody has to want the sums, or the compiler drops the loop.
	if math.IsNaN(float64(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11)) {
		panic("asm: NaN from a loop over finite numbers")
	}
}

func readGeneric(x []float32) (bits uint32) {
	var b0, b1, b2, b3 uint32
	i := 0
	for ; i+4 <= len(x); i += 4 {
		v := (*[4]float32)(x[i:])
		b0 ^= math.Float32bits(v[0])
		b1 ^= math.Float32bits(v[1])
		b2 ^= math.Float32bits(v[2])
		b3 ^= math.Float32bits(v[3])
	}
	for ; i < len(x); i++ {
		b0 ^= math.Float32bits(x[i])
	}
	return b0 ^ b1 ^ b2 ^ b3
}
