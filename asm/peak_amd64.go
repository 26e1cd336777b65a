//go:build amd64 && !purego

package asm

//go:generate go -C _gen run ./peak -out ../peak_amd64.s -stubs ../peak_stubs_amd64.go -pkg asm

var (
	peakAVX2 = peakLoops{
		multiplyAdd32: multiplyAddF32AVX2, elements32: 12 * 8,
		multiplyAdd64: multiplyAddF64AVX2, elements64: 12 * 4,
		read: readWith(readF32AVX2),
	}
	peakAVX512 = peakLoops{
		multiplyAdd32: multiplyAddF32AVX512, elements32: 24 * 16,
		multiplyAdd64: multiplyAddF64AVX512, elements64: 24 * 8,
		read: readWith(readF32AVX512),
	}
)
