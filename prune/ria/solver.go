package ria

import (
	"context"
	"math"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// DefaultPower is the published exponent of the input norms.
const DefaultPower = 0.5

func init() {
	registry.Plain("ria", "drop the smallest shares of row and column sums × root of the input norm; no update", Solver{Power: DefaultPower})
}

// Solver is the relative importance rule.
type Solver struct {
	Power float64 // exponent a of the input norms; 0 ignores the activations
}

// Describe implements local.Solver.
func (s Solver) Describe() local.Description {
	return local.Description{Name: "ria", Settings: map[string]any{"power": s.Power}}
}

// Needs asks for the squared norms of the inputs.
func (Solver) Needs() local.Needs { return local.Needs{SquaredNorms: true} }

// Solve prunes the smallest scores, in row scope.
func (s Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(s.Score(p.W, p.InputNorms()), sparsity.RowScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}

// Score returns the relative importance of the weights w [out, in] times ‖X_j‖^Power, for squared
// input norms [in].
func (s Solver) Score(w *linalg.Matrix, norms []float64) *linalg.Matrix {
	columns := make([]float64, w.Cols)
	for i := range w.Rows {
		for j, v := range w.Row(i) {
			columns[j] += math.Abs(v)
		}
	}
	for j, v := range columns {
		columns[j] = orOne(v)
	}
	inputs := make([]float64, w.Cols)
	for j, v := range norms {
		inputs[j] = math.Pow(math.Sqrt(v), s.Power)
	}
	score := linalg.New(w.Rows, w.Cols)
	for i := range w.Rows {
		dst, total := score.Row(i), 0.0
		for j, v := range w.Row(i) {
			dst[j] = math.Abs(v)
			total += dst[j]
		}
		total = orOne(total)
		for j, v := range dst {
			dst[j] = (v/total + v/columns[j]) * inputs[j]
		}
	}
	return score
}

// orOne replaces a sum of no weights by something that zeros may be divided by.
func orOne(sum float64) float64 {
	if sum == 0 {
		return 1
	}
	return sum
}
