//go:build arm64 && !purego

package asm

var peakNEON = peakKernels{
	multiplyAdd32: multiplyAddF32NEON, elements32: 24 * 4,
	multiplyAdd64: multiplyAddF64NEON, elements64: 24 * 2,
	read: readWith(readF32NEON),
}
