package adagp_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// Stored or recomputed variables and free or fixed masks go together in every way: the chain comes closer to the
// dense one than the local solver alone makes it, fixed masks stay, and threads change nothing.
func TestAlternations(t *testing.T) {
	defer parallel.SetThreads(0)
	for _, d := range declarations(9) {
		for _, recompute := range []bool{false, true} {
			for _, fixed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/recompute %v/fixed %v", d.name, recompute, fixed), func(t *testing.T) {
					x := inputs(9)
					y := d.chain.Forward(&nn.Context{}, autograd.Const(x)).Value
					o := adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.7)), Ridge: adagp.DefaultRidge, Epochs: 1,
						Alpha: 1, Beta: 30, Gamma: 1, Relative: true, Newton: true, Safeguard: true, Recompute: recompute}
					run := func(threads int) map[*nn.Linear]*local.Solution {
						parallel.SetThreads(threads)
						s, err := adagp.Solve(context.Background(), d.chain, x, y, o)
						if err != nil {
							t.Fatal(err)
						}
						return s
					}
					start := run(1)
					before := outputError(d.chain, x, start)
					if fixed {
						defer pruneBy(d.chain, start, &o)()
					}
					var errors []float64
					o.Epochs, o.Judge = 4, func(_ int, err float64) { errors = append(errors, err) }
					result := run(1)
					after := slices.Min(errors)
					t.Logf("output error: local %.4f, alternation %.4f", before, errors)
					if !(after < before) || len(result) != len(d.chain.Links) {
						t.Errorf("output error %.4f with %d solutions, the local solver alone has %.4f", after, len(result), before)
					}
					for l, s := range run(3) {
						if !slices.Equal(s.W.Data, result[l].W.Data) {
							t.Errorf("%s: three threads make other weights than one", l.Name())
						}
						masked := s.W.Clone()
						if s.Mask.Apply(masked); fixed && s.Mask != start[l].Mask || !slices.Equal(masked.Data, s.W.Data) {
							t.Errorf("%s: the mask is another one, or has weights in its zeros", l.Name())
						}
					}
				})
			}
		}
	}
}

// pruneBy puts solutions into the chain and fixes their masks. It returns what puts the dense weights back.
func pruneBy(c *nn.Chain, solutions map[*nn.Linear]*local.Solution, o *adagp.Options) (restore func()) {
	o.Masks, o.Dense = map[*nn.Linear]*sparsity.Mask{}, map[*nn.Linear]*tensor.Tensor{}
	for l, s := range solutions {
		o.Masks[l], o.Dense[l] = s.Mask, l.Weight.Value()
		l.Weight.Set(s.W.Tensor())
	}
	return func() {
		for l, w := range o.Dense {
			l.Weight.Set(w)
		}
	}
}
