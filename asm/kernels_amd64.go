//go:build amd64 && !purego

package asm

import "unsafe"

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
var compiledLevels = []*kernels{kernelsAVX2(), kernelsAVX512(AVX512NoVBMI2, false), kernelsAVX512(AVX512, hasExpandWords())}

func kernelsAVX2() *kernels {
	k := generic
	k.level = AVX2
	k.gemm32 = gemm32AVX2()
	k.gemm64 = gemm64AVX2()
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
	k.tanh = unary(tanhF32AVX2)
	k.gelu = unary(geluF32AVX2)
	k.geluTanh = unary(geluTanhF32AVX2)
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

	k.f16ToF32 = convertWhole(8, func(dst *float32, src *uint16, n int) { widenF16AVX2(dst, (*byte)(unsafe.Pointer(src)), n) }, f16ToF32Generic)
	k.f32ToF16 = convertWhole(8, f32ToF16AVX2, f32ToF16Generic)
	k.bf16ToF32 = convertWhole(8, func(dst *float32, src *uint16, n int) { widenBF16AVX2(dst, (*byte)(unsafe.Pointer(src)), n) }, bf16ToF32Generic)
	k.f32ToBF16 = convertWhole(8, f32ToBF16AVX2, f32ToBF16Generic)
	storedAVX2(&k)
	k.peak = peakAVX2
	return &k
}

func kernelsAVX512(level Level, expandWords bool) *kernels {
	k := generic
	k.level = level
	k.gemm32 = gemm32AVX512()
	k.gemm64 = gemm64AVX512()
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
	k.tanh = unary(tanhF32AVX512)
	k.gelu = unary(geluF32AVX512)
	k.geluTanh = unary(geluTanhF32AVX512)
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
	storedAVX512(&k, expandWords)
	attendAVX512(&k)
	k.peak = peakAVX512
	return &k
}

// convertWhole uses a kernel for multiples of lanes elements, and one in Go for the few behind them.
func convertWhole[D, S any](lanes int, f func(dst *D, src *S, n int), rest func(dst []D, src []S)) func(dst []D, src []S) {
	return func(dst []D, src []S) {
		whole := len(src) - len(src)%lanes
		f(first(dst), first(src), whole)
		rest(dst[whole:], src[whole:])
	}
}
