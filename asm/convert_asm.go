//go:build (amd64 || arm64) && !purego

package asm

import "unsafe"

func widenWith(f func(dst *float32, src *byte, n int)) func(dst []float32, src []byte) {
	return func(dst []float32, src []byte) { f(first(dst), first(src), len(dst)) }
}

func narrowWith(f func(dst *byte, src *float32, n int)) func(dst []byte, src []float32) {
	return func(dst []byte, src []float32) { f(first(dst), first(src), len(src)) }
}

// copyFloats and copyBytes convert float32 from and to its bytes: these machines have them in the same order.

func copyFloats(dst []float32, src []byte) { copy(bytesOf(dst), src) }

func copyBytes(dst []byte, src []float32) { copy(dst, bytesOf(src)) }

func bytesOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(first(x))), 4*len(x))
}
