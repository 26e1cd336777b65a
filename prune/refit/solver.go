package refit

import (
	"cmp"
	"context"
	"flag"
	"fmt"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// Defaults where a setting is 0.
const (
	DefaultIterations = 20
	DefaultDampFrac   = 0.01
)

func init() {
	for _, s := range []struct {
		solver  Solver
		summary string
	}{
		{Solver{}, "refit the survivors of the Wanda rule to the dense outputs, by conjugate gradients"},
		{Solver{Exact: true}, "refit the survivors of the Wanda rule to the dense outputs, by a factorisation per row (small layers)"},
	} {
		registry.Solver(s.solver.Describe().Name, s.summary, func(fs *flag.FlagSet) func() (local.Solver, error) {
			s := s.solver
			registry.Positive(fs, &s.DampFrac, "damp", "share `X` of the Hessian's mean diagonal that is added to it")
			return func() (local.Solver, error) { return s, nil }
		})
	}
}

// Solver keeps the dense layer's outputs as well as a given mask can: Problem.Keep, or the mask of the
// Wanda rule. The refitted weights are never worse, on the calibration inputs, than the dense ones
// with the mask applied.
type Solver struct {
	Exact      bool    // factor every row's equations instead of conjugate gradients
	Iterations int     // conjugate gradient steps; 0: DefaultIterations
	DampFrac   float64 // ridge ρ as a share of the mean diagonal of H; 0: DefaultDampFrac; negative: none
}

// Describe implements local.Solver.
func (s Solver) Describe() local.Description {
	d := local.Description{Name: "refit", Settings: map[string]any{"damp": max(0, cmp.Or(s.DampFrac, DefaultDampFrac))}}
	if s.Exact {
		d.Name = "refit-exact"
	} else {
		d.Settings["iterations"] = cmp.Or(s.Iterations, DefaultIterations)
	}
	return d
}

// Workspace implements prune.Workspace: the products C, and what the fit takes.
func (s Solver) Workspace(rows, cols int, kept float64) int64 {
	fit := CGBytes(rows, cols)
	if s.Exact {
		fit = ExactBytes(rows, cols, kept)
	}
	return prune.Float64s(rows, cols) + fit
}

// Needs asks for the Hessian.
func (Solver) Needs() local.Needs { return local.Needs{Hessian: true} }

// Solve chooses the mask unless it is given, and refits. Weights of inputs that are zero in all
// calibration tokens become zero. Errors name the tensor.
func (s Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(p.Saliency(), sparsity.RowScope)
	if err != nil {
		return nil, err
	}
	s.DampFrac, s.Iterations = max(0, cmp.Or(s.DampFrac, DefaultDampFrac)), cmp.Or(s.Iterations, DefaultIterations)
	f := Fit{H: p.H, C: linalg.Mul(p.W, p.H), Keep: mask, Start: p.W, Ridge: s.DampFrac * p.H.MeanDiag()}
	sol := &local.Solution{Mask: mask, Damping: s.DampFrac}
	if s.Exact {
		var more float64
		var rows int
		sol.W, more, rows, err = f.Exact(ctx)
		if rows > 0 {
			sol.Damping += more
			p.Logger().Warn("more damping for rows whose equations are not positive definite",
				"tensor", p.Name, "solver", "refit", "rows", rows, "damping", sol.Damping)
		}
	} else {
		sol.W, err = f.CG(ctx, s.Iterations)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("refit %s: %w", p.Name, err)
	}
	for j, v := range p.H.Diag() {
		if v == 0 {
			for i := range sol.W.Rows {
				sol.W.Set(i, j, 0)
			}
		}
	}
	return sol, nil
}
