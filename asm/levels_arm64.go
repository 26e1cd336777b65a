//go:build arm64 && !purego

package asm

// compiledLevels lists the levels in assembly that this build contains, slowest
// first.
var compiledLevels = []*kernels{{
	level:      NEON,
	gemm32:     gemm32NEON(),
	gemm64:     gemm64NEON(),
	vector:     vectorNEON,
	activation: activationNEON,
	row:        rowNEON.kernels(),
	convert:    convertNEON,
	stored:     storedNEON(),
	attend:     attendByGemm,
	peak:       peakNEON,
}}
