package adagp_test

import (
	"context"
	"math"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestGoldenOutputs: the pruned block is as far from the dense one as the recorded one is.
func TestGoldenOutputs(t *testing.T) {
	for _, name := range []string{"relu_seed1", "relu_seed2", "swiglu_seed1", "swiglu_seed2"} {
		t.Run(name, func(t *testing.T) {
			var g goldenCase
			golden.JSON(t, golden.Path("prune/adagp_"+name+".json"), &g)
			c, _, _ := g.chain()
			solver := sparsegpt.Solver{BlockSize: g.Blocksize, DampFrac: g.Percdamp}
			x := g.X.tensor(true)
			dense := c.Forward(new(nn.Context), autograd.Const(x)).Value
			solutions, err := adagp.Solve(context.Background(), c, x, nil, adagp.Options{
				Solver: solver, Pattern: adagp.Uniform(sparsity.Unstructured(g.Sparsity)), Epochs: g.Epochs, Alpha: g.Alpha, Beta: g.Beta, Gamma: g.Gamma, OutputSteps: publishedSteps(c)})
			if err != nil {
				t.Fatal(err)
			}
			for l, s := range solutions {
				l.Weight.Set(s.W.Tensor())
			}
			pruned := c.Forward(new(nn.Context), autograd.Const(x)).Value
			mse := 0.0
			for i, v := range dense.Data() {
				d := float64(v) - float64(pruned.Data()[i])
				mse += d * d / float64(dense.Len())
			}
			if diff := math.Abs(mse-g.Final_output_mse) / g.Final_output_mse; !(diff <= goldenTolerance) {
				t.Errorf("mean squared error of the output %.9g, want %.9g (relative difference %.1e)", mse, g.Final_output_mse, diff)
			}
		})
	}
}
