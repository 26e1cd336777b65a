//go:build arm64 && !purego

package asm

// f16ToF32NEON computes
//
//	for i < n: dst[i] = float32 of the binary16 src[i]
//
//go:noescape
func f16ToF32NEON(dst *float32, src *uint16, n int)

// bf16ToF32NEON computes
//
//	for i < n: dst[i] = float32 of the bfloat16 src[i]
//
//go:noescape
func bf16ToF32NEON(dst *float32, src *uint16, n int)

// f32ToF16NEON computes
//
//	for i < n: dst[i] = binary16 nearest to src[i]
//
//go:noescape
func f32ToF16NEON(dst *uint16, src *float32, n int)

// f32ToBF16NEON computes
//
//	for i < n: dst[i] = bfloat16 nearest to src[i]
//
//go:noescape
func f32ToBF16NEON(dst *uint16, src *float32, n int)
