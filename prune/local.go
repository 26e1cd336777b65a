package prune

import (
	"context"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
)

// Local returns the method that solves every selected matrix of a decoder layer by itself, all on
// statistics captured in one pass through the still dense layer. name is the solver's, for the
// report.
func Local(name string, s local.Solver) Method { return &localMethod{name, s} }

type localMethod struct {
	name   string
	solver local.Solver
}

func (m *localMethod) PruneLayer(ctx context.Context, l *Layer) error {
	stats, err := l.Capture(ctx, m.solver.Needs())
	if err != nil {
		return err
	}
	return l.SolveEach(ctx, m.solver, l.Selected(), stats)
}

func (m *localMethod) Describe() (string, map[string]any) { return m.name, map[string]any{} }

// Problem returns the local pruning problem of one matrix of the layer: its dense weights, the
// statistics of its inputs and the pattern.
func (l *Layer) Problem(lin *nn.Linear, stats *calib.Stats) *local.Problem {
	p := &local.Problem{Name: l.TensorName(lin), W: l.Weights(lin), Pattern: l.Pattern(lin), Log: l.Log}
	if l.run.options.Rounding == RoundFeedback {
		p.Quantize = l.run.options.Quantize
	}
	if stats != nil {
		p.H, p.SquaredNorms, p.Moments = stats.Hessian, stats.SquaredNorms, stats.Moments
	}
	return p
}

// SolveEach prunes each of the given matrices by itself with s and sets the results. stats comes
// from [Layer.Capture].
func (l *Layer) SolveEach(ctx context.Context, s local.Solver, linears []*nn.Linear, stats map[*nn.Linear]*calib.Stats) error {
	for _, lin := range linears {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.Progress(StageSolve, float64(len(l.results))/float64(len(l.selected)))
		sol, err := local.Solve(ctx, s, l.Problem(lin, stats[lin]))
		if err != nil {
			return err
		}
		if err := l.Set(lin, sol); err != nil {
			return err
		}
	}
	return nil
}
