//go:build arm64 && !purego

package asm

// multiplyAddF32NEON computes in 24 registers x of 4 elements, zero at first:
//
//	for range turns:
//		for i < 24: x[i] = fma(a, b, x[i])
func multiplyAddF32NEON(turns int, a, b float32)

// multiplyAddF64NEON computes in 24 registers x of 2 elements, zero at first:
//
//	for range turns:
//		for i < 24: x[i] = fma(a, b, x[i])
func multiplyAddF64NEON(turns int, a, b float64)

// readF32NEON reads 2·lines·16 elements:
//
//	bits := 0
//	for i < 2*lines*16: bits ^= x[i]
//
//go:noescape
func readF32NEON(x *float32, lines int) uint32
