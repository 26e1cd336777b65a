//go:build arm64 && !purego

package asm

// tileF32NEON multiplies a packed panel a [k][8] by a packed panel b [k][12],
// k ≥ 1:
//
//	for i < 8, j < 12:
//		sum := 0
//		for p < k: sum = fma(a[p][i], b[p][j], sum)
//		if accumulate: c[i*ldc+j] = fma(alpha, sum, c[i*ldc+j])
//		else:          c[i*ldc+j] = alpha*sum
//
//go:noescape
func tileF32NEON(k int, alpha float32, a, b, c *float32, ldc int, accumulate bool)

// tileF64NEON multiplies a packed panel a [k][8] by a packed panel b [k][6],
// k ≥ 1:
//
//	for i < 8, j < 6:
//		sum := 0
//		for p < k: sum = fma(a[p][i], b[p][j], sum)
//		if accumulate: c[i*ldc+j] = fma(alpha, sum, c[i*ldc+j])
//		else:          c[i*ldc+j] = alpha*sum
//
//go:noescape
func tileF64NEON(k int, alpha float64, a, b, c *float64, ldc int, accumulate bool)
