//go:build amd64 && !purego

package asm

var (
	vectorAVX2 = vectorKernels{
		dot:        reduce2(dotF32AVX2),
		dot64:      reduce2(dotF64AVX2),
		dotWide:    reduce2(dotWideF32AVX2),
		sum:        reduce1(sumWideF32AVX2),
		sumSquares: func(x []float32) float64 { return dotWideF32AVX2(first(x), first(x), len(x)) },
		maxAbs:     reduce1(maxAbsF32AVX2),

		axpy:   axpyWith(axpyF32AVX2),
		axpy64: axpyWith(axpyF64AVX2),
		scale:  scaleWith(scaleF32AVX2),
		add:    binary(addF32AVX2),
		sub:    binary(subF32AVX2),
		mul:    binary(mulF32AVX2),
	}

	vectorAVX512 = vectorKernels{
		dot:        reduce2(dotF32AVX512),
		dot64:      reduce2(dotF64AVX512),
		dotWide:    reduce2(dotWideF32AVX512),
		sum:        reduce1(sumWideF32AVX512),
		sumSquares: func(x []float32) float64 { return dotWideF32AVX512(first(x), first(x), len(x)) },
		maxAbs:     reduce1(maxAbsF32AVX512),

		axpy:   axpyWith(axpyF32AVX512),
		axpy64: axpyWith(axpyF64AVX512),
		scale:  scaleWith(scaleF32AVX512),
		add:    binary(addF32AVX512),
		sub:    binary(subF32AVX512),
		mul:    binary(mulF32AVX512),
	}
)
