//go:build arm64 && !purego

package asm

// dotsF32NEON multiplies 16 rows by a vector:
//
//	for i < 16:
//		sum := 0
//		for p < k: sum = fma(a[i*lda+p], x[p], sum)
//		if accumulate: y[i] = fma(alpha, sum, y[i])
//		else:          y[i] = alpha*sum
//
//go:noescape
func dotsF32NEON(k int, alpha float32, a *float32, lda int, x, y *float32, accumulate bool)

// dots4xF32NEON multiplies 4 rows by a vector:
//
//	for i < 4:
//		sum := 0
//		for p < k: sum = fma(a[i*lda+p], x[p], sum)
//		if accumulate: y[i*incY] = fma(alpha, sum, y[i*incY])
//		else:          y[i*incY] = alpha*sum
//
//go:noescape
func dots4xF32NEON(k int, alpha float32, a *float32, lda int, x, y *float32, incY int, accumulate bool)

// dots1xF32NEON multiplies a row by a vector:
//
//	for i < 1:
//		sum := 0
//		for p < k: sum = fma(a[i*lda+p], x[p], sum)
//		if accumulate: y[i*incY] = fma(alpha, sum, y[i*incY])
//		else:          y[i*incY] = alpha*sum
//
//go:noescape
func dots1xF32NEON(k int, alpha float32, a *float32, lda int, x, y *float32, incY int, accumulate bool)

// axpysF32NEON multiplies a transposed matrix by a vector, k ≥ 1:
//
//	for i < n:
//		sum := 0
//		for p < k: sum = fma(a[p*lda+i], x[p], sum)
//		if accumulate: y[i] = fma(alpha, sum, y[i])
//		else:          y[i] = alpha*sum
//
//go:noescape
func axpysF32NEON(n, k int, alpha float32, a *float32, lda int, x, y *float32, accumulate bool)

// dotsF64NEON multiplies 8 rows by a vector:
//
//	for i < 8:
//		sum := 0
//		for p < k: sum = fma(a[i*lda+p], x[p], sum)
//		if accumulate: y[i] = fma(alpha, sum, y[i])
//		else:          y[i] = alpha*sum
//
//go:noescape
func dotsF64NEON(k int, alpha float64, a *float64, lda int, x, y *float64, accumulate bool)

// dots4xF64NEON multiplies 4 rows by a vector:
//
//	for i < 4:
//		sum := 0
//		for p < k: sum = fma(a[i*lda+p], x[p], sum)
//		if accumulate: y[i*incY] = fma(alpha, sum, y[i*incY])
//		else:          y[i*incY] = alpha*sum
//
//go:noescape
func dots4xF64NEON(k int, alpha float64, a *float64, lda int, x, y *float64, incY int, accumulate bool)

// dots1xF64NEON multiplies a row by a vector:
//
//	for i < 1:
//		sum := 0
//		for p < k: sum = fma(a[i*lda+p], x[p], sum)
//		if accumulate: y[i*incY] = fma(alpha, sum, y[i*incY])
//		else:          y[i*incY] = alpha*sum
//
//go:noescape
func dots1xF64NEON(k int, alpha float64, a *float64, lda int, x, y *float64, incY int, accumulate bool)

// axpysF64NEON multiplies a transposed matrix by a vector, k ≥ 1:
//
//	for i < n:
//		sum := 0
//		for p < k: sum = fma(a[p*lda+i], x[p], sum)
//		if accumulate: y[i] = fma(alpha, sum, y[i])
//		else:          y[i] = alpha*sum
//
//go:noescape
func axpysF64NEON(n, k int, alpha float64, a *float64, lda int, x, y *float64, accumulate bool)
