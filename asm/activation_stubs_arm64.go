//go:build arm64 && !purego

package asm

// expF32NEON computes
//
//	for i < n: dst[i] = e^x[i]
//
//go:noescape
func expF32NEON(dst, x *float32, n int)

// sigmoidF32NEON computes
//
//	for i < n: dst[i] = 1 / (1 + e^-x[i])
//
//go:noescape
func sigmoidF32NEON(dst, x *float32, n int)

// siluF32NEON computes
//
//	for i < n: dst[i] = x[i] / (1 + e^-x[i])
//
//go:noescape
func siluF32NEON(dst, x *float32, n int)

// tanhF32NEON computes
//
//	for i < n: dst[i] = tanh x[i]
//
//go:noescape
func tanhF32NEON(dst, x *float32, n int)

// geluF32NEON computes
//
//	for i < n: dst[i] = x[i] * Φ(x[i])
//
//go:noescape
func geluF32NEON(dst, x *float32, n int)

// geluTanhF32NEON computes
//
//	for i < n: dst[i] = x[i] / (1 + e^(-2√(2/π)·(x[i] + 0.044715·x[i]³)))
//
//go:noescape
func geluTanhF32NEON(dst, x *float32, n int)

// swigluF32NEON computes
//
//	for i < n: dst[i] = gate[i] / (1 + e^-gate[i]) * up[i]
//
//go:noescape
func swigluF32NEON(dst, gate, up *float32, n int)

// swigluGradF32NEON computes, with s = 1 / (1 + e^-gate[i])
//
//	for i < n: dUp[i] = dy[i] * gate[i] * s
//	           dGate[i] = dy[i] * up[i] * (s + gate[i]*s*(1-s))
//
//go:noescape
func swigluGradF32NEON(dGate, dUp, dy, gate, up *float32, n int)
