package magnitude

import (
	"context"
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func init() {
	registry.Plain("magnitude", "drop the smallest absolute weights of each matrix; no calibration, no update", Solver{})
}

// Solver is the magnitude rule; it has no settings.
type Solver struct{}

// Describe implements local.Solver.
func (Solver) Describe() local.Description { return local.Description{Name: "magnitude"} }

// Needs asks for nothing.
func (Solver) Needs() local.Needs { return local.Needs{} }

// Solve prunes the smallest |W_ij|, in layer scope.
func (Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(Score(p.W), sparsity.LayerScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}

// Score returns |W|, [out, in].
func Score(w *linalg.Matrix) *linalg.Matrix {
	s := linalg.New(w.Rows, w.Cols)
	const piece = 1 << 14
	parallel.For((len(w.Data)+piece-1)/piece, 1, func(lo, hi int) {
		first, last := lo*piece, min(hi*piece, len(w.Data))
		dst := s.Data[first:last]
		for k, v := range w.Data[first:last] {
			dst[k] = math.Abs(v)
		}
	})
	return s
}
