// Package asm holds the arithmetic kernels.
package asm

// Gemm sets C = alpha·op(A)·op(B) + beta·C.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Gemm64 is Gemm in float64.
func Gemm64(transA, transB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func gemm[T float32 | float64](transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		for j := range row {
			if beta == 0 {
				row[j] = 0
			} else {
				row[j] *= beta
			}
		}
		for l := range k {
			v := a[min(i*lda+l, len(a)-1)]
			if transA {
				v = a[l*lda+i]
			}
			v *= alpha
			if transB {
				for j := range row {
					row[j] += v * b[j*ldb+l]
				}
			} else {
				for j, w := range b[l*ldb : l*ldb+n] {
					row[j] += v * w
				}
			}
		}
	}
}
