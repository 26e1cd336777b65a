//go:build (amd64 || arm64) && !purego

package asm

import "unsafe"

// The functions below give kernels in assembly, which take pointers and a
// length, the signatures of the table. The exported functions have checked that
// all slices are as long as the one whose length is passed.

// first returns the address of the elements of x, which may be empty.
func first[T any](x []T) *T { return unsafe.SliceData(x) }

func unary(f func(dst, x *float32, n int)) func(dst, x []float32) {
	return func(dst, x []float32) { f(first(dst), first(x), len(x)) }
}

func binary(f func(dst, x, y *float32, n int)) func(dst, x, y []float32) {
	return func(dst, x, y []float32) { f(first(dst), first(x), first(y), len(x)) }
}

func scaleWith(f func(dst *float32, alpha float32, x *float32, n int)) func(dst []float32, alpha float32, x []float32) {
	return func(dst []float32, alpha float32, x []float32) { f(first(dst), alpha, first(x), len(x)) }
}

func axpyWith[T Float](f func(alpha T, x, y *T, n int)) func(alpha T, x, y []T) {
	return func(alpha T, x, y []T) { f(alpha, first(x), first(y), len(x)) }
}

func reduce1[R Float](f func(x *float32, n int) R) func(x []float32) R {
	return func(x []float32) R { return f(first(x), len(x)) }
}

func reduce2[T, R Float](f func(x, y *T, n int) R) func(x, y []T) R {
	return func(x, y []T) R { return f(first(x), first(y), len(x)) }
}
