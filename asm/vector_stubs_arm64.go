//go:build arm64 && !purego

package asm

// addF32NEON computes
//
//	for i < n: dst[i] = x[i] + y[i]
//
//go:noescape
func addF32NEON(dst, x, y *float32, n int)

// subF32NEON computes
//
//	for i < n: dst[i] = x[i] - y[i]
//
//go:noescape
func subF32NEON(dst, x, y *float32, n int)

// mulF32NEON computes
//
//	for i < n: dst[i] = x[i] * y[i]
//
//go:noescape
func mulF32NEON(dst, x, y *float32, n int)

// scaleF32NEON computes
//
//	for i < n: dst[i] = alpha * x[i]
//
//go:noescape
func scaleF32NEON(dst *float32, alpha float32, x *float32, n int)

// axpyF32NEON computes
//
//	for i < n: y[i] = fma(alpha, x[i], y[i])
//
//go:noescape
func axpyF32NEON(alpha float32, x, y *float32, n int)

// dotF32NEON computes
//
//	Σ x[i] * y[i] over i < n
//
//go:noescape
func dotF32NEON(x, y *float32, n int) float32

// axpyF64NEON computes
//
//	for i < n: y[i] = fma(alpha, x[i], y[i])
//
//go:noescape
func axpyF64NEON(alpha float64, x, y *float64, n int)

// dotF64NEON computes
//
//	Σ x[i] * y[i] over i < n
//
//go:noescape
func dotF64NEON(x, y *float64, n int) float64

// dotWideF32NEON computes
//
//	Σ float64(x[i]) * float64(y[i]) over i < n
//
//go:noescape
func dotWideF32NEON(x, y *float32, n int) float64

// sumWideF32NEON computes
//
//	Σ float64(x[i]) over i < n
//
//go:noescape
func sumWideF32NEON(x *float32, n int) float64

// maxAbsF32NEON computes
//
//	max |x[i]| over i < n, as bit patterns, which puts NaN above everything
//
//go:noescape
func maxAbsF32NEON(x *float32, n int) float32
