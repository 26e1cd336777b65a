package models_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// BenchmarkForward runs the embedded models on 8 windows of 256 tokens, the size of a calibration
// step.
func BenchmarkForward(b *testing.B) {
	for _, path := range []string{"demo:llama", "demo:opt"} {
		m := openLoaded(b, path)
		rng := newRNG(1)
		ids := make([][]int, 8)
		for i := range ids {
			for range 256 {
				ids[i] = append(ids[i], rng.IntN(m.Config().VocabSize))
			}
		}
		tokens := float64(len(ids) * len(ids[0]))
		b.Run(path+"/inference", func(b *testing.B) {
			for b.Loop() {
				logitsOf(m, ids...)
			}
			b.ReportMetric(tokens*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
		b.Run(path+"/training", func(b *testing.B) {
			nn.ZeroGrad(m.Walk)
			c := &nn.Context{Tape: autograd.NewTape()}
			for b.Loop() {
				c.Tape.Backward(nn.CrossEntropy(models.Forward(c, m, ids), ids))
				c.Tape.Reset()
			}
			b.ReportMetric(tokens*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
		b.Run(path+"/decoding", func(b *testing.B) {
			for b.Loop() {
				c := &nn.Context{Caches: []*nn.KVCache{nn.NewKVCache()}, Arena: autograd.NewArena()}
				for t := range 64 {
					c.Arena.Reset()
					models.Forward(c, m, [][]int{ids[0][t : t+1]})
				}
			}
			b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
