//go:build amd64 && !purego

package asm

var (
	activationAVX2 = activationKernels{
		exp:        unary(expF32AVX2),
		tanh:       unary(tanhF32AVX2),
		sigmoid:    unary(sigmoidF32AVX2),
		silu:       unary(siluF32AVX2),
		gelu:       unary(geluF32AVX2),
		geluTanh:   unary(geluTanhF32AVX2),
		swiglu:     binary(swigluF32AVX2),
		swigluGrad: swigluGradWith(swigluGradF32AVX2),
	}

	activationAVX512 = activationKernels{
		exp:        unary(expF32AVX512),
		tanh:       unary(tanhF32AVX512),
		sigmoid:    unary(sigmoidF32AVX512),
		silu:       unary(siluF32AVX512),
		gelu:       unary(geluF32AVX512),
		geluTanh:   unary(geluTanhF32AVX512),
		swiglu:     binary(swigluF32AVX512),
		swigluGrad: swigluGradWith(swigluGradF32AVX512),
	}
)
