package asm

import (
	"fmt"
	"testing"
)

// BenchmarkKernels runs the kernels on vectors and rows on every level, in the
// first-level cache and out of all caches.
func BenchmarkKernels(b *testing.B) {
	const eps = 1e-5
	for _, n := range []int{1 << 10, 1 << 22} {
		x, y, dst := make([]float32, n), make([]float32, n), make([]float32, n)
		dst2 := make([]float32, n)
		half := make([]byte, 2*n)
		fillNormal(newRand(1), x)
		fillNormal(newRand(2), y)
		Narrow(Float16, half, x)
		for _, k := range []struct {
			name  string
			bytes int // read and written per element
			call  func()
		}{
			{"Dot", 8, func() { Dot(x, y) }},
			{"DotWide", 8, func() { DotWide(x, y) }},
			{"Axpy", 12, func() { Axpy(1e-9, x, y) }},
			{"Add", 12, func() { Add(dst, x, y) }},
			{"MaxAbs", 4, func() { MaxAbs(x) }},
			{"Exp", 8, func() { Exp(dst, x) }},
			{"SiLU", 8, func() { SiLU(dst, x) }},
			{"SwiGLUGrad", 20, func() { SwiGLUGrad(dst, dst2, x, y, y) }},
			{"GELU", 8, func() { GELU(dst, x) }},
			{"SoftmaxRow", 8, func() { SoftmaxRow(dst, x) }},
			{"RMSNormRow", 12, func() { RMSNormRow(dst, x, y, eps) }},
			{"LayerNormRow", 16, func() { LayerNormRow(dst, x, y, y, eps) }},
			{"Widen/Float16", 6, func() { Widen(Float16, dst, half) }},
			{"Narrow/Float16", 6, func() { Narrow(Float16, half, x) }},
			{"Narrow/BFloat16", 6, func() { Narrow(BFloat16, half, x) }},
		} {
			for _, level := range Levels() {
				b.Run(fmt.Sprintf("%s/%d/%v", k.name, n, level), func(b *testing.B) {
					withLevel(b, level)
					b.SetBytes(int64(k.bytes * n))
					for b.Loop() {
						k.call()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
				})
			}
		}
	}
}
