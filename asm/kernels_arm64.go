//go:build arm64 && !purego

package asm

// compiledLevels lists the levels in assembly that this build contains, slowest
// first.
var compiledLevels = []*kernels{kernelsNEON()}

func kernelsNEON() *kernels {
	k := generic
	k.level = NEON
	// The block of B, 192 KiB, is meant for a second-level cache of 256 KiB or more.
	k.gemm32 = gemmKernel[float32]{
		mr: 8, nr: 12, mc: 2048, nc: 192, kc: 256,
		pack: packBoth(
			panelPacker[float32]{width: 8, group: 4, lanes: 4, rows: packRows8xF32NEON, columns: packColumns8xF32NEON},
			panelPacker[float32]{width: 12, group: 4, lanes: 4, rows: packRows12xF32NEON, columns: packColumns12xF32NEON}),
		transpose: transposeGeneric[float32],
		strip: stripOf(12, func(k int, alpha float32, a, b, c []float32, ldc int, accumulate bool) {
			_, _, _ = a[8*k-1], b[12*k-1], c[7*ldc+11]
			tileF32NEON(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		}),
		dots:  dotsKernels[float32]{rows: 16, many: dotsF32NEON, four: dots4xF32NEON, one: dots1xF32NEON}.with(&buffers32),
		axpys: axpysWith(&buffers32, axpysF32NEON),
	}
	k.gemm64 = gemmKernel[float64]{
		mr: 8, nr: 6, mc: 2048, nc: 96, kc: 256,
		pack: packBoth(
			panelPacker[float64]{width: 8, group: 2, lanes: 2, rows: packRows8xF64NEON, columns: packColumns8xF64NEON},
			panelPacker[float64]{width: 6, group: 2, lanes: 2, rows: packRows6xF64NEON, columns: packColumns6xF64NEON}),
		transpose: transposeGeneric[float64],
		strip: stripOf(6, func(k int, alpha float64, a, b, c []float64, ldc int, accumulate bool) {
			_, _, _ = a[8*k-1], b[6*k-1], c[7*ldc+5]
			tileF64NEON(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		}),
		dots:  dotsKernels[float64]{rows: 8, many: dotsF64NEON, four: dots4xF64NEON, one: dots1xF64NEON}.with(&buffers64),
		axpys: axpysWith(&buffers64, axpysF64NEON),
	}
	k.dot = reduce2(dotF32NEON)
	k.dot64 = reduce2(dotF64NEON)
	k.dotWide = reduce2(dotWideF32NEON)
	k.sum = reduce1(sumWideF32NEON)
	k.sumSquares = func(x []float32) float64 { return dotWideF32NEON(first(x), first(x), len(x)) }
	k.maxAbs = reduce1(maxAbsF32NEON)
	k.axpy = axpyWith(axpyF32NEON)
	k.axpy64 = axpyWith(axpyF64NEON)
	k.scale = func(dst []float32, alpha float32, x []float32) {
		scaleF32NEON(first(dst), alpha, first(x), len(x))
	}
	k.add = binary(addF32NEON)
	k.sub = binary(subF32NEON)
	k.mul = binary(mulF32NEON)

	k.exp = unary(expF32NEON)
	k.tanh = unary(tanhF32NEON)
	k.sigmoid = unary(sigmoidF32NEON)
	k.silu = unary(siluF32NEON)
	k.gelu = unary(geluF32NEON)
	k.geluTanh = unary(geluTanhF32NEON)
	k.swiglu = binary(swigluF32NEON)
	k.swigluGrad = swigluGradWith(swigluGradF32NEON)
	rows := rowKernels{
		lanes: 4, maximum: maximumF32NEON, expShifted: expShiftedF32NEON, scale: scaleF32NEON,
		scaleMul: scaleMulF32NEON, dotWide: dotWideF32NEON, sumWide: sumWideF32NEON, deviation: deviationF32NEON,
		normalize: normalizeF32NEON, withBias: normalizeBiasF32NEON, rope: ropeF32NEON,
	}
	k.expRow = rows.exp
	k.softmaxRow = rows.softmax
	k.rmsNormRow = rows.rmsNorm
	k.layerNormRow = rows.layerNorm
	k.ropeRow = rows.ropeRow

	k.f16ToF32 = convert(f16ToF32NEON)
	k.f32ToF16 = convert(f32ToF16NEON)
	storedNEON(&k)
	k.bf16ToF32 = convert(bf16ToF32NEON)
	k.f32ToBF16 = convert(f32ToBF16NEON)
	k.peak = peakNEON
	return &k
}
