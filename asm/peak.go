package asm

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

// peakKernels are the loops.
type peakKernels struct {
	// Each turn sets the elements x[i] of the registers, zero at first, to
	// a·x[i] + b, or on NEON to x[i] + a·b. With a next to -1 they neither settle
	// nor grow beyond measure.
	multiplyAdd32          func(turns int, a, b float32)
	multiplyAdd64          func(turns int, a, b float64)
	elements32, elements64 int // of all registers

	read func(x []float32) uint32
}
