package local_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/wanda"
)

// The recorded weights were made with factors √f, which are RowScales times one number for all rows.
func TestRecordedRowWeights(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "sparsegpt_row_weighted") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				p.RowWeights = c.RowWeights
				s, err := local.Solve(context.Background(), sparsegpt.Solver{BlockSize: c.BlockSize}, p)
				if err != nil {
					t.Fatal(err)
				}
				prunetest.Check(t, s, c.Keep, c.Weights, 1e-9)
				if got := prunetest.Loss(p, s); !(math.Abs(got-c.Loss) <= 1e-9*c.Loss) {
					t.Errorf("loss %.12g, want %.12g", got, c.Loss)
				}
			})
		}
	}
}

// TestRowWeightsOnRows: rows that do not compete are pruned as without weights, bit by bit.
func TestRowWeightsOnRows(t *testing.T) {
	p := prunetest.Random(1, 30, 50, 100, sparsity.Unstructured(0.6))
	plain, err := local.Solve(context.Background(), wanda.Solver{}, p)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		p.RowWeights = append(p.RowWeights, math.Exp(float64(i)-20))
	}
	weighted, err := local.Solve(context.Background(), wanda.Solver{}, p)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range plain.W.Data {
		if weighted.W.Data[k] != v {
			t.Fatalf("weight [%d %d] is %v with row weights, %v without", k/50, k%50, weighted.W.Data[k], v)
		}
	}
}

// TestRowWeightsHelp: the weighted loss is lower for having been asked for.
func TestRowWeightsHelp(t *testing.T) {
	p := prunetest.Random(2, 30, 50, 100, sparsity.Unstructured(0.6))
	f := make([]float64, 30)
	for i := range f {
		f[i] = 1 + float64(i*i)
	}
	loss := func(f []float64) float64 {
		q := *p
		q.RowWeights = f
		s, err := local.Solve(context.Background(), sparsegpt.Solver{}, &q)
		if err != nil {
			t.Fatal(err)
		}
		return weightedLoss(p, s, f)
	}
	plain, err := local.Solve(context.Background(), sparsegpt.Solver{}, p)
	if err != nil {
		t.Fatal(err)
	}
	if with, without := loss(f), weightedLoss(p, plain, f); !(with < without) {
		t.Errorf("weighted loss %g with row weights, %g without", with, without)
	}
}

// weightedLoss is Σ_i f_i·‖error of row i‖².
func weightedLoss(p *local.Problem, s *local.Solution, f []float64) float64 {
	total := 0.0
	for i := range p.W.Rows {
		for j := range p.W.Cols {
			for k := range p.W.Cols {
				total += f[i] * (s.W.At(i, j) - p.W.At(i, j)) * p.H.At(j, k) * (s.W.At(i, k) - p.W.At(i, k))
			}
		}
	}
	return total
}
