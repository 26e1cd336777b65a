package asm

import "math"

// The functions of this file compute nothing of use. They show what the machine
// can do at most at the current level, as a measure for the other kernels.

// MultiplyAddLoop32 takes as many turns through a loop of nothing but
// multiply-adds of float32 in registers, fused ones where the level has them. It
// returns the number of floating-point operations, two for each multiply-add.
func MultiplyAddLoop32(turns int) (flops int) {
	l := &current.Load().peak
	l.multiplyAdd32(turns, -(1 - 0x1p-24), 1./3)
	return 2 * l.elements32 * max(0, turns)
}

// MultiplyAddLoop64 is [MultiplyAddLoop32] in float64.
func MultiplyAddLoop64(turns int) (flops int) {
	l := &current.Load().peak
	l.multiplyAdd64(turns, -(1 - 0x1p-53), 1./3)
	return 2 * l.elements64 * max(0, turns)
}

// ReadLoop reads x from the first to the last element and returns the exclusive
// or of their bits.
func ReadLoop(x []float32) (bits uint32) { return current.Load().peak.read(x) }

// peakLoops are the loops of a level.
type peakLoops struct {
	// Each turn sets the elements x[i] of the registers, zero at first, to
	// a·x[i] + b, or on NEON to x[i] + a·b. With a next to -1 they neither settle
	// nor grow beyond measure.
	multiplyAdd32          func(turns int, a, b float32)
	multiplyAdd64          func(turns int, a, b float64)
	elements32, elements64 int // of all registers

	read func(x []float32) uint32
}

// genericRegisters is how many sums the loop in Go has: as many as hide the
// latency of a product and a sum, and fit the registers with a and b.
const genericRegisters = 12

func multiplyAddGeneric[T float](turns int, a, b T) {
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
