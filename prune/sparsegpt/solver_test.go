package sparsegpt

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

func recordedPattern(c golden.SolverCase) sparsity.Pattern {
	if c.NM != nil {
		return sparsity.NM(c.NM[0], c.NM[1])
	}
	return sparsity.Unstructured(c.Sparsity)
}

// The recorded weights went through an explicit inverse and a second factorisation; 1e-9 leaves room
// for that, which masks and a condition number near 1e4 do not use up.
const recordedTolerance = 1e-9

func TestRecorded(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "sparsegpt") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, recordedPattern(c))
				s, err := local.Solve(context.Background(), Solver{BlockSize: c.BlockSize, DampFrac: c.PercDamp}, p)
				if err != nil {
					t.Fatal(err)
				}
				prunetest.Check(t, s, c.Keep, c.Weights, recordedTolerance)
				if got := prunetest.Loss(p, s); math.Abs(got-c.Loss) > 1e-8*c.Loss {
					t.Errorf("loss %.12g, want %.12g", got, c.Loss)
				}
				if got := s.Mask.Zeros(); got != c.Zeros {
					t.Errorf("%d zeros, want %d", got, c.Zeros)
				}
				if s.Damping != c.PercDamp {
					t.Errorf("damping %g, want %g", s.Damping, c.PercDamp)
				}
			})
		}
	}
}

func TestRecordedFixedMask(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "sparsegpt_fixed_mask") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, recordedPattern(c))
				p.Keep = sparsity.NewMask(p.W.Rows, p.W.Cols)
				for i, row := range c.Keep {
					for j, bit := range row {
						p.Keep.Set(i, j, bit == '1')
					}
				}
				s, err := local.Solve(context.Background(), Solver{BlockSize: c.BlockSize, DampFrac: c.PercDamp}, p)
				if err != nil {
					t.Fatal(err)
				}
				prunetest.Check(t, s, c.Keep, c.Weights, recordedTolerance)
			})
		}
	}
}

func TestRecordedDeadInput(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		d := golden.LoadLayer(t, seed).Dead
		p := prunetest.Problem(d.W, d.X, sparsity.Unstructured(d.Sparsity))
		s, err := local.Solve(context.Background(), Solver{BlockSize: d.BlockSize, DampFrac: d.PercDamp}, p)
		if err != nil {
			t.Fatal(err)
		}
		prunetest.Check(t, s, nil, d.Weights, recordedTolerance)
		for i := range s.W.Rows {
			if v := s.W.At(i, 3); v != 0 {
				t.Errorf("seed %d: weight [%d 3] of the dead input is %g", seed, i, v)
			}
		}
	}
}

// inOrder is what the solver does not owe.
func inOrder(block int) prunetest.Option {
	return prunetest.OrderedColumns(block, "what a pruned column loses is made up for by the columns behind it alone")
}

func TestLaws(t *testing.T) {
	for _, b := range []int{0, 1, 7} {
		t.Run(fmt.Sprintf("block%d", b), func(t *testing.T) {
			prunetest.Laws(t, Solver{BlockSize: b}, inOrder(b))
		})
	}
}
