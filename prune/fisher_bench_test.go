package prune_test

import (
	"context"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
)

// BenchmarkFisher compares the Fisher pass with the forward pass that input norms take, on 16 windows
// of 256 tokens.
func BenchmarkFisher(b *testing.B) {
	windows := windowsOf(b, golden.Path("prune/ids/stories260k_calib_seed0.u16"))[:16]
	m, err := models.Open("demo:llama")
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	if err := m.LoadAll(); err != nil {
		b.Fatal(err)
	}
	for name, pass := range map[string]func(ctx context.Context, d *prune.Dense) error{
		"forward": func(ctx context.Context, d *prune.Dense) error {
			_, err := d.InputNorms(ctx)
			return err
		},
		"fisher": func(ctx context.Context, d *prune.Dense) error {
			_, err := d.Fisher(ctx)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				ctx, cancel := context.WithCancel(context.Background())
				at := func(ctx context.Context, d *prune.Dense) error {
					b.StartTimer()
					err := pass(ctx, d)
					b.StopTimer()
					cancel() // the rest of the run is of no interest
					return err
				}
				_, _ = prune.Run(ctx, m, windows, prune.Options{Method: &look{prunetest.Method("magnitude"), at}}, nil)
				b.StartTimer()
			}
			b.ReportMetric(float64(16*256*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
