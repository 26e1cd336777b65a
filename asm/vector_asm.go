//go:build (amd64 || arm64) && !purego

package asm

import (
	"math"
	"unsafe"
)

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

func swigluGradWith(f func(dGate, dUp, dy, gate, up *float32, n int)) func(dGate, dUp, dy, gate, up []float32) {
	return func(dGate, dUp, dy, gate, up []float32) {
		f(first(dGate), first(dUp), first(dy), first(gate), first(up), len(dy))
	}
}

func axpyWith[T float](f func(alpha T, x, y *T, n int)) func(alpha T, x, y []T) {
	return func(alpha T, x, y []T) { f(alpha, first(x), first(y), len(x)) }
}

func reduce1[R float](f func(x *float32, n int) R) func(x []float32) R {
	return func(x []float32) R { return f(first(x), len(x)) }
}

func reduce2[T, R float](f func(x, y *T, n int) R) func(x, y []T) R {
	return func(x, y []T) R { return f(first(x), first(y), len(x)) }
}

func convert[D, S any](f func(dst *D, src *S, n int)) func(dst []D, src []S) {
	return func(dst []D, src []S) { f(first(dst), first(src), len(src)) }
}

// rowKernels are the parts that the kernels on rows are put together from.
type rowKernels struct {
	lanes      int
	maximum    func(x *float32, n int) float32
	expShifted func(dst, x *float32, n int, shift float32) float64
	scale      func(dst *float32, alpha float32, x *float32, n int)
	scaleMul   func(dst *float32, alpha float32, x, w *float32, n int)
	dotWide    func(x, y *float32, n int) float64
	sumWide    func(x *float32, n int) float64
	deviation  func(x *float32, n int, mean float64) float64
	normalize  func(dst, x, w *float32, n int, mean, scale float32)
	withBias   func(dst, x, w, b *float32, n int, mean, scale float32)
	rope       func(dst0, dst1, x0, x1, cos, sin *float32, n int)
}

func (k *rowKernels) exp(dst, x []float32) (top float32, sum float64) {
	if len(x) < k.lanes {
		top = maxOf(x)
	} else {
		// A NaN may be overlooked here. It comes out of the exponential then and
		// spoils the sum, and by that the whole row as it should.
		top = k.maximum(first(x), len(x))
	}
	return top, k.expShifted(first(dst), first(x), len(x), top)
}

func (k *rowKernels) softmax(dst, x []float32) {
	_, sum := k.exp(dst, x)
	k.scale(first(dst), float32(1/sum), first(dst), len(x))
}

func (k *rowKernels) rmsNorm(dst, x, w []float32, eps float32) float32 {
	squares := k.dotWide(first(x), first(x), len(x))
	r := float32(1 / math.Sqrt(squares/float64(len(x))+float64(eps)))
	k.scaleMul(first(dst), r, first(x), first(w), len(x))
	return r
}

func (k *rowKernels) layerNorm(dst, x, w, b []float32, eps float32) (mean, invStd float32) {
	n := float64(len(x))
	mu := k.sumWide(first(x), len(x)) / n
	mean = float32(mu)
	invStd = float32(1 / math.Sqrt(k.deviation(first(x), len(x), mu)/n+float64(eps)))
	if b == nil {
		k.normalize(first(dst), first(x), first(w), len(x), mean, invStd)
	} else {
		k.withBias(first(dst), first(x), first(w), first(b), len(x), mean, invStd)
	}
	return mean, invStd
}

func (k *rowKernels) ropeRow(dst, x, cos, sin []float32) {
	h := len(cos)
	for ; len(x) >= 2*h; x, dst = x[2*h:], dst[2*h:] {
		k.rope(first(dst), first(dst[h:]), first(x), first(x[h:]), first(cos), first(sin), h)
	}
}
