//go:build amd64 && !purego

package asm

var (
	peakAVX2 = peakKernels{
		multiplyAdd32: multiplyAddF32AVX2, elements32: 12 * 8,
		multiplyAdd64: multiplyAddF64AVX2, elements64: 12 * 4,
		read: readWith(readF32AVX2),
	}
	peakAVX512 = peakKernels{
		multiplyAdd32: multiplyAddF32AVX512, elements32: 24 * 16,
		multiplyAdd64: multiplyAddF64AVX512, elements64: 24 * 8,
		read: readWith(readF32AVX512),
	}
)
