//go:build arm64 && !purego

package asm

var activationNEON = activationKernels{
	exp:        unary(expF32NEON),
	tanh:       unary(tanhF32NEON),
	sigmoid:    unary(sigmoidF32NEON),
	silu:       unary(siluF32NEON),
	gelu:       unary(geluF32NEON),
	geluTanh:   unary(geluTanhF32NEON),
	swiglu:     binary(swigluF32NEON),
	swigluGrad: swigluGradWith(swigluGradF32NEON),
}
