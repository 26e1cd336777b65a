package local

import (
	"context"
	"fmt"
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor/linalg"
)

// maxRowWeight bounds how much more than the mean a row may count, and its inverse how much less.
const maxRowWeight = 1e3

// RowScales turns the importance f of every output's error into factors for the rows of the weights,
// g_i = √clamp(f_i/mean(f), 1e-3, 1e3): as the error of a row of diag(g)·W is g_i² times that of the
// row of W, pruning diag(g)·W and dividing the rows by g_i again minimises Σ_i f_i·‖error of row i‖².
// Without a positive mean all factors are 1.
func RowScales(f []float64) []float64 {
	largest := 0.0
	for _, v := range f {
		largest = max(largest, v)
	}
	g := make([]float64, len(f))
	mean := 0.0
	for _, v := range f {
		mean += v / largest / float64(len(f)) // of values up to 1: no overflow
	}
	for i, v := range f {
		g[i] = 1
		if largest > 0 {
			g[i] = math.Sqrt(min(max(v/largest/mean, 1/maxRowWeight), maxRowWeight))
		}
	}
	return g
}

func (p *Problem) checkRowWeights() error {
	if p.RowWeights == nil {
		return nil
	}
	if len(p.RowWeights) != p.W.Rows {
		return fmt.Errorf("solve %s: %d row weights, want %d", p.Name, len(p.RowWeights), p.W.Rows)
	}
	for i, v := range p.RowWeights {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("solve %s: weight of row %d is %v, want a finite number from 0", p.Name, i, v)
		}
	}
	return nil
}

// solveWeighted runs s on the problem whose rows are scaled by their weights, and scales them back.
// Values that the solver leaves alone come back exactly as they were.
func solveWeighted(ctx context.Context, s Solver, p *Problem) (*Solution, error) {
	g := RowScales(p.RowWeights)
	scaled := *p
	scaled.RowWeights, scaled.Quantize = nil, nil
	scaled.W = linalg.New(p.W.Rows, p.W.Cols)
	parallel.Rows(p.W.Rows, p.W.Cols, func(i int) {
		dst := scaled.W.Row(i)
		for j, v := range p.W.Row(i) {
			dst[j] = g[i] * v
		}
	})
	sol, err := s.Solve(ctx, &scaled)
	if err != nil || sol == nil || sol.W == nil || sol.W.Rows != p.W.Rows || sol.W.Cols != p.W.Cols {
		return sol, err
	}
	unscaled := linalg.New(p.W.Rows, p.W.Cols)
	parallel.Rows(p.W.Rows, p.W.Cols, func(i int) {
		dst, before, original := unscaled.Row(i), scaled.W.Row(i), p.W.Row(i)
		for j, v := range sol.W.Row(i) {
			if v == before[j] {
				dst[j] = original[j]
			} else {
				dst[j] = v / g[i]
			}
		}
	})
	out := *sol
	out.W = unscaled
	return &out, nil
}

// RowWeightsBytes is what row weights of a problem [rows, cols] cost [Solve] beside what the solver takes, in bytes: the
// rows scaled, and scaled back.
func RowWeightsBytes(rows, cols int) int64 { return 2 * 8 * int64(rows) * int64(cols) }
