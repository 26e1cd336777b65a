package autograd_test

import (
	"fmt"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

// benchmark times inference and a training step (forward and backward) of f and
// reports the arithmetic done. flops counts one forward pass, a multiply-add
// as two; backward does backwardShare times as much.
func benchmark(b *testing.B, name string, f gradcheck.Func, flops, backwardShare float64, inputs ...*tensor.Tensor) {
	rate := func(b *testing.B, flops float64) {
		b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	}
	b.Run(name+"/inference", func(b *testing.B) {
		for b.Loop() {
			infer(f, inputs...)
		}
		rate(b, flops)
	})
	b.Run(name+"/training", func(b *testing.B) {
		dy := random(9, infer(f, inputs...).Shape()...)
		for b.Loop() {
			gradients(f, dy, inputs...)
		}
		rate(b, flops*(1+backwardShare))
	})
}

func BenchmarkLinear(b *testing.B) {
	for _, s := range []struct{ tokens, in, out int }{{256, 64, 172}, {512, 512, 512}, {256, 1024, 2816}} {
		name := fmt.Sprintf("%dx%dx%d", s.tokens, s.in, s.out)
		flops := 2 * float64(s.tokens) * float64(s.in) * float64(s.out)
		benchmark(b, name, linear, flops, 2, random(1, s.tokens, s.in), random(2, s.out, s.in), random(3, s.out))
	}
}

func BenchmarkAttention(b *testing.B) {
	for _, s := range []autograd.AttentionShape{
		{Heads: 8, KVHeads: 4, HeadDim: 8, Queries: 256, Keys: 256, Scale: 0.35},
		{Heads: 8, KVHeads: 8, HeadDim: 64, Queries: 256, Keys: 256, Scale: 0.125},
		{Heads: 8, KVHeads: 2, HeadDim: 64, Queries: 1, Keys: 1024, Scale: 0.125},
		{Heads: 4, KVHeads: 4, HeadDim: 64, Queries: 1024, Keys: 1024, Scale: 0.125},
	} {
		q, k, v := attentionInputs(s, 2)
		visible := float64(s.Queries)*float64(s.Keys-s.Queries) + float64(s.Queries)*float64(s.Queries+1)/2
		flops := 4 * 2 * visible * float64(s.Heads) * float64(s.HeadDim) // two products, two windows
		name := fmt.Sprintf("heads%d.%d/dim%d/%dx%d", s.Heads, s.KVHeads, s.HeadDim, s.Queries, s.Keys)
		benchmark(b, name, attention(s), flops, 2.5, q, k, v)
	}
}
