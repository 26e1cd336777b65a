//go:build arm64 && !purego

package asm

// expShiftedF32NEON computes
//
//	for i < n: dst[i] = e^(x[i]-shift)
//
// and returns the sum of dst, added in float64.
//
//go:noescape
func expShiftedF32NEON(dst, x *float32, n int, shift float32) float64

// scaleMulF32NEON computes
//
//	for i < n: dst[i] = (alpha * x[i]) * w[i]
//
//go:noescape
func scaleMulF32NEON(dst *float32, alpha float32, x, w *float32, n int)

// deviationF32NEON computes
//
//	Σ (float64(x[i]) - mean)² over i < n
//
//go:noescape
func deviationF32NEON(x *float32, n int, mean float64) float64

// normalizeF32NEON computes
//
//	for i < n: dst[i] = (x[i] - mean) * scale * w[i]
//
//go:noescape
func normalizeF32NEON(dst, x, w *float32, n int, mean, scale float32)

// normalizeBiasF32NEON computes
//
//	for i < n: dst[i] = fma((x[i] - mean) * scale, w[i], b[i])
//
//go:noescape
func normalizeBiasF32NEON(dst, x, w, b *float32, n int, mean, scale float32)

// ropeF32NEON computes
//
//	for i < n: dst0[i], dst1[i] = x0[i]*cos[i] - x1[i]*sin[i], x1[i]*cos[i] + x0[i]*sin[i]
//
//go:noescape
func ropeF32NEON(dst0, dst1, x0, x1, cos, sin *float32, n int)

// maximumF32NEON computes
//
//	max x[i] over i < n
//
// for n ≥ 4; NaN if there is one.
//
//go:noescape
func maximumF32NEON(x *float32, n int) float32
