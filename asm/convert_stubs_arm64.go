//go:build arm64 && !purego

package asm

// widenF16NEON computes
//
//	for i < n: dst[i] = float32 of the binary16 src[i]
//
//go:noescape
func widenF16NEON(dst *float32, src *byte, n int)

// widenBF16NEON computes
//
//	for i < n: dst[i] = float32 of the bfloat16 src[i]
//
//go:noescape
func widenBF16NEON(dst *float32, src *byte, n int)

// narrowF16NEON computes
//
//	for i < n: dst[i] = binary16 nearest to src[i]
//
//go:noescape
func narrowF16NEON(dst *byte, src *float32, n int)

// narrowBF16NEON computes
//
//	for i < n: dst[i] = bfloat16 nearest to src[i]
//
//go:noescape
func narrowBF16NEON(dst *byte, src *float32, n int)
