package alps

import (
	"cmp"
	"context"
	"flag"
	"fmt"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/tensor/linalg"
)

// DefaultDampFrac is the published damping.
const DefaultDampFrac = 0.01

// Published settings of the search and of the refit after it.
const (
	maxIterations = 300
	refitSteps    = 10
)

func init() {
	registry.Solver("alps", "search the mask by ADMM with a rising penalty, then refit on it (ALPS)",
		func(fs *flag.FlagSet) func() (local.Solver, error) {
			var s Solver
			registry.Positive(fs, &s.DampFrac, "damp", "share `X` of the Hessian's mean diagonal that is added to it")
			return func() (local.Solver, error) { return s, nil }
		})
}

// Solver is ALPS.
type Solver struct {
	DampFrac float64 // share of the mean diagonal of H added to the diagonal; 0: DefaultDampFrac
}

// Describe implements local.Solver.
func (s Solver) Describe() local.Description {
	return local.Description{Name: "alps", Settings: map[string]any{"damp": cmp.Or(s.DampFrac, DefaultDampFrac)}}
}

// Needs asks for the Hessian.
func (Solver) Needs() local.Needs { return local.Needs{Hessian: true} }

// Solve searches and refits. Errors name the tensor: a Hessian that stays indefinite with the largest
// damping, weights that overflow.
func (s Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	r := &run{p: p}
	damping, err := p.Damp(ctx, "alps", cmp.Or(s.DampFrac, DefaultDampFrac), r.prepare)
	if err != nil {
		return nil, err
	}
	mask := p.Keep
	if mask == nil {
		if err := r.search(ctx); err != nil {
			return nil, err
		}
		mask = r.mask
	}
	f := refit.Fit{H: r.gram, C: r.pull, Keep: mask, Start: r.b}
	w, err := f.CG(ctx, refitSteps)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("alps %s: %w", p.Name, err)
	}
	dead := p.H.Diag()
	r.rows(func(i int) {
		row := w.Row(i)
		for j, d := range r.norms {
			if dead[j] == 0 {
				row[j] = 0
			} else {
				row[j] /= d
			}
		}
	})
	if err := p.CheckFinite("alps", w); err != nil {
		return nil, err
	}
	return &local.Solution{W: w, Mask: mask.Clone(), Damping: damping}, nil
}

// prepare computes everything that the damping enters.
func (r *run) prepare(damping float64) error {
	h := r.p.H.Clone()
	h.AddDiag(damping * h.MeanDiag())
	r.gram, r.norms = local.Normalised(h)
	r.b = linalg.New(r.p.W.Rows, r.p.W.Cols)
	r.startAt(r.b)
	r.pull = linalg.Mul(r.b, r.gram)
	if r.p.Keep != nil {
		return nil
	}
	var err error
	if r.eigenvalues, r.eigenvectors, err = linalg.SymEigen(r.gram); err != nil {
		return err
	}
	// All zero when nothing ever enters the layer; the penalty alone makes that regular.
	if least := r.eigenvalues[0]; least < 0 {
		return &linalg.NotPositiveDefiniteError{Value: least}
	}
	return nil
}

// startAt writes T = W·diag(d) to dst, zero for inputs that are always zero.
func (r *run) startAt(dst *linalg.Matrix) {
	dead := r.p.H.Diag()
	r.rows(func(i int) {
		row := dst.Row(i)
		for j, v := range r.p.W.Row(i) {
			row[j] = 0
			if dead[j] != 0 {
				row[j] = v * r.norms[j]
			}
		}
	})
}
