//go:build arm64 && !purego

package asm

var vectorNEON = vectorKernels{
	dot:        reduce2(dotF32NEON),
	dot64:      reduce2(dotF64NEON),
	dotWide:    reduce2(dotWideF32NEON),
	sum:        reduce1(sumWideF32NEON),
	sumSquares: func(x []float32) float64 { return dotWideF32NEON(first(x), first(x), len(x)) },
	maxAbs:     reduce1(maxAbsF32NEON),

	axpy:   axpyWith(axpyF32NEON),
	axpy64: axpyWith(axpyF64NEON),
	scale:  scaleWith(scaleF32NEON),
	add:    binary(addF32NEON),
	sub:    binary(subF32NEON),
	mul:    binary(mulF32NEON),
}
