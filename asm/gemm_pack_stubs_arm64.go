//go:build arm64 && !purego

package asm

// packRows8xF32NEON packs rows that are contiguous in the matrix:
//
//	for p < k, q < 8: dst[p*8+q] = src[p*ld+q]
//
//go:noescape
func packRows8xF32NEON(dst, src *float32, ld, k int)

// packRows12xF32NEON packs rows that are contiguous in the matrix:
//
//	for p < k, q < 12: dst[p*12+q] = src[p*ld+q]
//
//go:noescape
func packRows12xF32NEON(dst, src *float32, ld, k int)

// packRows8xF64NEON packs rows that are contiguous in the matrix:
//
//	for p < k, q < 8: dst[p*8+q] = src[p*ld+q]
//
//go:noescape
func packRows8xF64NEON(dst, src *float64, ld, k int)

// packRows6xF64NEON packs rows that are contiguous in the matrix:
//
//	for p < k, q < 6: dst[p*6+q] = src[p*ld+q]
//
//go:noescape
func packRows6xF64NEON(dst, src *float64, ld, k int)

// packColumns8xF32NEON packs 4 rows along k as columns of a panel of width 8:
//
//	for p < k, q < 4: dst[p*8+q] = src[q*ld+p]
//
// k must be a multiple of 4.
//
//go:noescape
func packColumns8xF32NEON(dst, src *float32, ld, k int)

// packColumns12xF32NEON packs 4 rows along k as columns of a panel of width 12:
//
//	for p < k, q < 4: dst[p*12+q] = src[q*ld+p]
//
// k must be a multiple of 4.
//
//go:noescape
func packColumns12xF32NEON(dst, src *float32, ld, k int)

// packColumns8xF64NEON packs 2 rows along k as columns of a panel of width 8:
//
//	for p < k, q < 2: dst[p*8+q] = src[q*ld+p]
//
// k must be a multiple of 2.
//
//go:noescape
func packColumns8xF64NEON(dst, src *float64, ld, k int)

// packColumns6xF64NEON packs 2 rows along k as columns of a panel of width 6:
//
//	for p < k, q < 2: dst[p*6+q] = src[q*ld+p]
//
// k must be a multiple of 2.
//
//go:noescape
func packColumns6xF64NEON(dst, src *float64, ld, k int)
