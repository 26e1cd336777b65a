package wanda

import (
	"context"
	"math"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor/linalg"
)

func init() {
	prune.Register("wanda", "drop the smallest |weight| × input norm of each row; no update",
		func(prune.SolverOptions) (prune.Solver, error) { return Solver{}, nil })
}

// Solver is the Wanda rule; it has no settings.
type Solver struct{}

// Needs asks for the squared norms of the inputs.
func (Solver) Needs() prune.Needs { return prune.Needs{SquaredNorms: true} }

// Solve prunes the smallest |W_ij|·‖X_j‖, in row scope.
func (Solver) Solve(ctx context.Context, p *prune.Problem) (*prune.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(Score(p.W, p.InputNorms()), prune.RowScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}

// Score returns |W_ij|·√(norms_j), [out, in], for squared input norms [in].
func Score(w *linalg.Matrix, norms []float64) *linalg.Matrix {
	root := make([]float64, len(norms))
	for j, v := range norms {
		root[j] = math.Sqrt(max(v, 0))
	}
	s := linalg.New(w.Rows, w.Cols)
	for i := range w.Rows {
		dst := s.Row(i)
		for j, v := range w.Row(i) {
			dst[j] = math.Abs(v) * root[j]
		}
	}
	return s
}
