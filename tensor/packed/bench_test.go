package packed_test

import (
	"fmt"
	"testing"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// BenchmarkMulNT multiplies each layout by one token, by few, and by a prompt, beside the dense
// product in float32. The operations counted are those of the dense product.
func BenchmarkMulNT(b *testing.B) {
	const out, in = 4096, 2048
	r := newRand(4)
	for _, tokens := range []int{1, 4, 16, 512} {
		x, y := randomTensor(r, tokens, in), tensor.New(tokens, out)
		for _, level := range asm.Levels() {
			for _, threads := range []int{1, 2} {
				run := func(name string, do func()) {
					b.Run(fmt.Sprintf("%d tokens/%s/%v/threads %d", tokens, name, level, threads), func(b *testing.B) {
						defer func(l asm.Level) { _ = asm.SetLevel(l) }(asm.Current())
						if err := asm.SetLevel(level); err != nil {
							b.Fatal(err)
						}
						defer parallel.SetThreads(0)
						parallel.SetThreads(threads)
						b.ReportAllocs()
						for b.Loop() {
							do()
						}
						b.ReportMetric(2*float64(tokens)*out*in*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
					})
				}
				dense := randomTensor(r, out, in)
				run("dense", func() { tensor.MatMulNTInto(y, x, dense) })
				for _, d := range dtypes {
					for _, zeros := range []float64{0.5, 0.7, 0.8, 0.9} {
						m := packed.PackBitmask(d, out, in, randomWeights(r, d, out, in, zeros, false))
						run(fmt.Sprintf("bitmask/%v/%v", d, zeros), func() { m.MulNTInto(y, x) })
					}
					for name, m := range layouts(b, d, out, in, randomWeights(r, d, out, in, 0, true)) {
						if name != "bitmask" {
							run(fmt.Sprintf("%s/%v", name, d), func() { m.MulNTInto(y, x) })
						}
					}
				}
			}
		}
	}
}
