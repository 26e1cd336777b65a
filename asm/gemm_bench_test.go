package asm

import (
	"fmt"
	"testing"
)

// BenchmarkGemm runs a grid of sizes on every level, one thread.
func BenchmarkGemm(b *testing.B) {
	sizes := []struct{ m, n, k int }{
		{64, 64, 64}, {256, 256, 256}, {1024, 1024, 1024}, {128, 2048, 512}, {1, 2048, 2048}, {4, 2048, 2048}, {512, 512, 64},
	}
	for _, level := range Levels() {
		for _, s := range sizes {
			for _, trans := range []string{"NN", "NT", "TN", "TT"} {
				b.Run(fmt.Sprintf("%dx%dx%d/%s/%v", s.m, s.n, s.k, trans, level), func(b *testing.B) {
					withLevel(b, level)
					benchmarkGemm(b, trans[0] == 'T', trans[1] == 'T', s.m, s.n, s.k, gemmOn[float32])
				})
				if s.m == 1024 {
					b.Run(fmt.Sprintf("%dx%dx%d/%s/%v/float64", s.m, s.n, s.k, trans, level), func(b *testing.B) {
						withLevel(b, level)
						benchmarkGemm(b, trans[0] == 'T', trans[1] == 'T', s.m, s.n, s.k, gemmOn[float64])
					})
				}
			}
		}
	}
}

func benchmarkGemm[T Float](b *testing.B, transA, transB bool, m, n, k int, gemm func(bool, bool, int, int, int, T, []T, int, []T, int, T, []T, int)) {
	x := make([]T, m*k)
	y := make([]T, k*n)
	c := make([]T, m*n)
	for i := range x {
		x[i] = T(i%7) - 3
	}
	for i := range y {
		y[i] = T(i%5) - 2
	}
	lda, ldb := k, n
	if transA {
		lda = m
	}
	if transB {
		ldb = k
	}
	b.ReportAllocs()
	for b.Loop() {
		gemm(transA, transB, m, n, k, 1, x, lda, y, ldb, 0, c, n)
	}
	b.ReportMetric(2*float64(m)*float64(n)*float64(k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// withLevel switches to a level for the rest of a test.
func withLevel(t testing.TB, level Level) {
	before := Current()
	if err := SetLevel(level); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = SetLevel(before) })
}
