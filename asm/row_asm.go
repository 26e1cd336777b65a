//go:build (amd64 || arm64) && !purego

package asm

import "math"

// rowParts are the parts that the kernels on rows are put together from.
type rowParts struct {
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

func (k *rowParts) kernels() rowKernels {
	return rowKernels{exp: k.exp, softmax: k.softmax, rmsNorm: k.rmsNorm, layerNorm: k.layerNorm, rope: k.ropeRow}
}

func (k *rowParts) exp(dst, x []float32) (top float32, sum float64) {
	if len(x) < k.lanes {
		top = maxOf(x)
	} else {
		// A NaN may be overlooked here. It comes out of the exponential then and
		// spoils the sum, and by that the whole row as it should.
		top = k.maximum(first(x), len(x))
	}
	return top, k.expShifted(first(dst), first(x), len(x), top)
}

func (k *rowParts) softmax(dst, x []float32) {
	_, sum := k.exp(dst, x)
	k.scale(first(dst), float32(1/sum), first(dst), len(x))
}

func (k *rowParts) rmsNorm(dst, x, w []float32, eps float32) float32 {
	squares := k.dotWide(first(x), first(x), len(x))
	r := float32(1 / math.Sqrt(squares/float64(len(x))+float64(eps)))
	k.scaleMul(first(dst), r, first(x), first(w), len(x))
	return r
}

func (k *rowParts) layerNorm(dst, x, w, b []float32, eps float32) (mean, invStd float32) {
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

func (k *rowParts) ropeRow(dst, x, cos, sin []float32) {
	h := len(cos)
	for ; len(x) >= 2*h; x, dst = x[2*h:], dst[2*h:] {
		k.rope(first(dst), first(dst[h:]), first(x), first(x[h:]), first(cos), first(sin), h)
	}
}
