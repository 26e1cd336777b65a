package dsnot

import (
	"context"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// Published settings.
const (
	DefaultCycles    = 50
	DefaultThreshold = 0.1
)

func init() {
	registry.Plain("dsnot", "exchange weights of the Wanda mask until the mean outputs are kept; no update (DSnoT)", New())
}

// Solver is dynamic sparsity without training.
type Solver struct {
	Cycles    int     // exchanges per row at most
	Threshold float64 // error of a row's mean output, summed over a window, that is good enough
}

// New returns the solver with the published settings.
func New() Solver { return Solver{Cycles: DefaultCycles, Threshold: DefaultThreshold} }

// Describe implements local.Solver.
func (s Solver) Describe() local.Description {
	return local.Description{Name: "dsnot", Settings: map[string]any{"cycles": s.Cycles, "threshold": s.Threshold}}
}

// Needs asks for the squared norms of the inputs and their moments within calibration windows.
func (Solver) Needs() local.Needs { return local.Needs{SquaredNorms: true, WindowMoments: true} }

// Solve starts from the mask of the Wanda rule and improves it. A fixed mask is kept as it is.
func (s Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(p.Saliency(), sparsity.RowScope)
	if err != nil {
		return nil, err
	}
	if p.Keep == nil {
		if mask, err = s.Improve(ctx, p, mask); err != nil {
			return nil, err
		}
	}
	return p.Masked(mask), nil
}

// Improve returns a mask with as many zeros in every row as the given one, and in every group if the
// problem's pattern is N:M, whose rows have mean outputs nearer to the dense ones. The given mask is not
// changed.
func (s Solver) Improve(ctx context.Context, p *local.Problem, mask *sparsity.Mask) (*sparsity.Mask, error) {
	if err := p.Check(s.Needs()); err != nil {
		return nil, err
	}
	mask = mask.Clone()
	scores := p.Saliency()
	c := p.W.Cols
	parallel.For(p.W.Rows, max(1, 1<<12/c), func(lo, hi int) {
		r := row{Solver: s, mask: mask, contribution: make([]float64, c), shift: make([]float64, c), grown: make([]bool, c)}
		if p.Pattern.Structured() {
			r.group = p.Pattern.M
		}
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			r.begin(i, p, scores.Row(i))
			r.exchange()
		}
	})
	return mask, ctx.Err()
}
