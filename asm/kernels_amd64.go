//go:build amd64 && !purego

package asm

// The programs that write the assembly are a module of their own, so that this
// one does not depend on them.
//go:generate go -C _gen run ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./pack -out ../pack_amd64.s -stubs ../pack_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./gemv -out ../gemv_amd64.s -stubs ../gemv_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./vector -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./half -out ../half_amd64.s -stubs ../half_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./exp -out ../exp_amd64.s -stubs ../exp_stubs_amd64.go -pkg asm

// compiledLevels lists the levels in assembly that this build contains, slowest
// first.
var compiledLevels = []*kernels{kernelsAVX2(), kernelsAVX512()}

func kernelsAVX2() *kernels {
	k := generic
	k.level = AVX2
	k.gemm32 = gemmKernel[float32]{
		mr: 6, nr: 16, mc: 240, nc: 4080, kc: 256,
		pack: packBoth(
			panelPacker[float32]{width: 6, group: 4, lanes: 8, rows: packRows6xF32AVX2, columns: packColumns6xF32AVX2},
			panelPacker[float32]{width: 16, group: 8, lanes: 8, rows: packRows16xF32AVX2, columns: packColumns16xF32AVX2}),
		tile: func(k int, alpha float32, a, b, c []float32, ldc int, accumulate bool) {
			_, _, _ = a[6*k-1], b[16*k-1], c[5*ldc+15]
			tileF32AVX2(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		},
		dots:  dotsKernels[float32]{rows: 16, many: dotsF32AVX2, four: dots4xF32FMA, one: dots1xF32FMA}.with(&buffers32),
		axpys: axpysWith(&buffers32, axpysF32AVX2),
	}
	k.gemm64 = gemmKernel[float64]{
		mr: 6, nr: 8, mc: 120, nc: 2040, kc: 256,
		pack: packBoth(
			panelPacker[float64]{width: 6, group: 4, lanes: 4, rows: packRows6xF64AVX2, columns: packColumns6xF64AVX2},
			panelPacker[float64]{width: 8, group: 4, lanes: 4, rows: packRows8xF64AVX2, columns: packColumns8xF64AVX2}),
		tile: func(k int, alpha float64, a, b, c []float64, ldc int, accumulate bool) {
			_, _, _ = a[6*k-1], b[8*k-1], c[5*ldc+7]
			tileF64AVX2(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		},
		dots:  dotsKernels[float64]{rows: 8, many: dotsF64AVX2, four: dots4xF64FMA, one: dots1xF64FMA}.with(&buffers64),
		axpys: axpysWith(&buffers64, axpysF64AVX2),
	}
	k.dot = reduce2(dotF32AVX2)
	k.dot64 = reduce2(dotF64AVX2)
	k.dotWide = reduce2(dotWideF32AVX2)
	k.sum = reduce1(sumWideF32AVX2)
	k.sumSquares = func(x []float32) float64 { return dotWideF32AVX2(first(x), first(x), len(x)) }
	k.maxAbs = reduce1(maxAbsF32AVX2)
	k.axpy = axpyWith(axpyF32AVX2)
	k.axpy64 = axpyWith(axpyF64AVX2)
	k.scale = func(dst []float32, alpha float32, x []float32) {
		scaleF32AVX2(first(dst), alpha, first(x), len(x))
	}
	k.add = binary(addF32AVX2)
	k.sub = binary(subF32AVX2)
	k.mul = binary(mulF32AVX2)

	k.exp = unary(expF32AVX2)
	k.sigmoid = unary(sigmoidF32AVX2)
	k.silu = unary(siluF32AVX2)
	k.swiglu = binary(swigluF32AVX2)
	k.swigluGrad = swigluGradWith(swigluGradF32AVX2)
	rows := rowKernels{
		lanes: 8, maximum: maximumF32AVX2, expShifted: expShiftedF32AVX2, scale: scaleF32AVX2,
		scaleMul: scaleMulF32AVX2, dotWide: dotWideF32AVX2, sumWide: sumWideF32AVX2,
		deviation: deviationF32AVX2, normalize: normalizeF32AVX2, withBias: normalizeBiasF32AVX2, rope: ropeF32AVX2,
	}
	k.expRow = rows.exp
	k.softmaxRow = rows.softmax
	k.rmsNormRow = rows.rmsNorm
	k.layerNormRow = rows.layerNorm
	k.ropeRow = rows.ropeRow
	storedAVX2(&k)
	return &k
}

func kernelsAVX512() *kernels {
	k := generic
	k.level = AVX512
	k.gemm32 = gemmKernel[float32]{
		mr: 12, nr: 32, mc: 480, nc: 4096, kc: 256,
		pack: packBoth(
			panelPacker[float32]{width: 12, group: 12, lanes: 16, rows: packRows12xF32AVX512, columns: packColumns12xF32AVX512},
			panelPacker[float32]{width: 32, group: 16, lanes: 16, rows: packRows32xF32AVX512, columns: packColumns32xF32AVX512}),
		tile: func(k int, alpha float32, a, b, c []float32, ldc int, accumulate bool) {
			_, _, _ = a[12*k-1], b[32*k-1], c[11*ldc+31]
			tileF32AVX512(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		},
		dots:  dotsKernels[float32]{rows: 32, many: dotsF32AVX512, four: dots4xF32FMA, one: dots1xF32FMA}.with(&buffers32),
		axpys: axpysWith(&buffers32, axpysF32AVX512),
	}
	k.gemm64 = gemmKernel[float64]{
		mr: 12, nr: 16, mc: 240, nc: 2048, kc: 256,
		pack: packBoth(
			panelPacker[float64]{width: 12, group: 4, lanes: 8, rows: packRows12xF64AVX512, columns: packColumns12xF64AVX512},
			panelPacker[float64]{width: 16, group: 8, lanes: 8, rows: packRows16xF64AVX512, columns: packColumns16xF64AVX512}),
		tile: func(k int, alpha float64, a, b, c []float64, ldc int, accumulate bool) {
			_, _, _ = a[12*k-1], b[16*k-1], c[11*ldc+15]
			tileF64AVX512(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		},
		dots:  dotsKernels[float64]{rows: 16, many: dotsF64AVX512, four: dots4xF64FMA, one: dots1xF64FMA}.with(&buffers64),
		axpys: axpysWith(&buffers64, axpysF64AVX512),
	}
	k.dot = reduce2(dotF32AVX512)
	k.dot64 = reduce2(dotF64AVX512)
	k.dotWide = reduce2(dotWideF32AVX512)
	k.sum = reduce1(sumWideF32AVX512)
	k.sumSquares = func(x []float32) float64 { return dotWideF32AVX512(first(x), first(x), len(x)) }
	k.maxAbs = reduce1(maxAbsF32AVX512)
	k.axpy = axpyWith(axpyF32AVX512)
	k.axpy64 = axpyWith(axpyF64AVX512)
	k.scale = func(dst []float32, alpha float32, x []float32) {
		scaleF32AVX512(first(dst), alpha, first(x), len(x))
	}
	k.add = binary(addF32AVX512)
	k.sub = binary(subF32AVX512)
	k.mul = binary(mulF32AVX512)

	k.exp = unary(expF32AVX512)
	k.sigmoid = unary(sigmoidF32AVX512)
	k.silu = unary(siluF32AVX512)
	k.swiglu = binary(swigluF32AVX512)
	k.swigluGrad = swigluGradWith(swigluGradF32AVX512)
	rows := rowKernels{
		lanes: 16, maximum: maximumF32AVX512, expShifted: expShiftedF32AVX512, scale: scaleF32AVX512,
		scaleMul: scaleMulF32AVX512, dotWide: dotWideF32AVX512, sumWide: sumWideF32AVX512,
		deviation: deviationF32AVX512, normalize: normalizeF32AVX512, withBias: normalizeBiasF32AVX512, rope: ropeF32AVX512,
	}
	k.expRow = rows.exp
	k.softmaxRow = rows.softmax
	k.rmsNormRow = rows.rmsNorm
	k.layerNormRow = rows.layerNorm
	k.ropeRow = rows.ropeRow

	k.f16ToF32 = convert(f16ToF32AVX512)
	k.f32ToF16 = convert(f32ToF16AVX512)
	k.bf16ToF32 = convert(bf16ToF32AVX512)
	k.f32ToBF16 = convert(f32ToBF16AVX512)
	storedAVX512(&k)
	return &k
}
