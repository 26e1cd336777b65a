package adagp

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// dropSmall prunes the smallest weights.
type dropSmall struct{}

func (dropSmall) Describe() local.Description { return local.Description{Name: "test-drop-small"} }

func (dropSmall) Needs() local.Needs { return local.Needs{} }

func (dropSmall) Solve(_ context.Context, p *local.Problem) (*local.Solution, error) {
	score := p.W.Clone()
	for i, v := range score.Data {
		score.Data[i] = math.Abs(v)
	}
	mask, err := p.Select(score, sparsity.LayerScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}

// residualChain is y = x + chain(x) with n maps of equal widths, as groups, and the chain alone.
func residualChain(r *rand.Rand, n, width int) ([]nn.Group, *nn.Chain) {
	var list []nn.Group
	var stages []nn.Stage
	for i := range n {
		l := nn.NewLinear(fmt.Sprint("map", i), width, width, true)
		l.Weight.Set(normal(r, 1.5/math.Sqrt(float64(width)), width, width))
		l.Bias.Set(normal(r, 0.1, width))
		g := nn.Group{Linears: []*nn.Linear{l}}
		stages = append(stages, nn.Map(l))
		if i < n-1 {
			stages = append(stages, nn.Pointwise(nn.ReLU))
			g.Leave = func(_ *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
				return nn.Signals{s[0], autograd.ReLU(y[0])}
			}
		} else {
			g.Target = nn.Residual
		}
		list = append(list, g)
	}
	return list, nn.NewChain("maps", stages...)
}

// What the alternation is given of a chain is its own input in the pruned network, and what brings the sum behind it to
// that in the dense network, whatever has been kept of the signals behind that input: compared with a pass through
// the whole for each batch.
func TestChainDataIsTheChains(t *testing.T) {
	const width, rows, batches = 12, 30, 3
	for maps := 1; maps <= 4; maps++ {
		r := rand.New(rand.NewPCG(33, uint64(maps)))
		list, chain := residualChain(r, maps, width)
		var dense, pruned, sums []*tensor.Tensor
		for range batches {
			x := normal(r, 1, rows, width)
			dense, pruned = append(dense, x), append(pruned, tensor.Add(x, normal(r, 0.1, rows, width)))
			sums = append(sums, tensor.Add(x, chain.Forward(&nn.Context{}, autograd.Const(x)).Value))
		}
		in := Streams{Dense: scratch.List(dense...), Pruned: scratch.List(pruned...)}
		e, err := newGroups(list, in, GroupOptions{Solver: dropSmall{}, Log: slog.New(slog.DiscardHandler),
			Pattern: func(*nn.Linear) sparsity.Pattern { return sparsity.Unstructured(0.5) }})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.run(context.Background()); err != nil {
			t.Fatal(err)
		}
		data, err := e.chainData(chain)
		if err != nil || data == nil {
			t.Fatalf("%d maps: data %v, error %v", maps, data, err)
		}
		for range 2 { // the second time from what the first has kept
			for b := range batches {
				x, y, err := data.at(b)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(x.Data(), pruned[b].Data()) {
					t.Errorf("%d maps, batch %d: the input is not that of the chain", maps, b)
				}
				if d := tensor.SumSquares(tensor.Sub(y, tensor.Sub(sums[b], pruned[b]))); d > 1e-8 {
					t.Errorf("%d maps, batch %d: the target is off by %g", maps, b, d)
				}
			}
		}
		e.release()
	}
}
