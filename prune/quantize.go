package prune

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// How weights get onto their grids, see Options.Rounding.
const (
	// RoundFeedback rounds column by column, later columns making up for the errors of earlier ones:
	// GPTQ (Frantar et al., arXiv 2210.17323) on the mask at hand.
	RoundFeedback = "gptq"
	// RoundNearest rounds each weight by itself.
	RoundNearest = "nearest"
)

// Roundings are the values of Options.Rounding besides "".
var Roundings = []string{RoundFeedback, RoundNearest}

// feedbackSolver is the solver that rounds with feedback. Methods stay apart, so it is found by name.
const feedbackSolver = "sparsegpt"

// StatisticsUser is a Method that says what it observes. The weights of one that uses Hessians, as
// local solvers may, are rounded with feedback unless the options say otherwise; those of others to the
// nearest grid point.
type StatisticsUser interface {
	Needs() local.Needs
}

func (m *localMethod) Needs() local.Needs { return m.solver.Needs() }

// CheckQuantization reports settings of Quantize and Rounding that are out of range or do not go together.
func (o Options) CheckQuantization() error {
	if o.Rounding != "" && !slices.Contains(Roundings, o.Rounding) {
		return fmt.Errorf("rounding %q: want one of %s", o.Rounding, strings.Join(Roundings, ", "))
	}
	if o.Quantize == nil {
		if o.Rounding != "" {
			return fmt.Errorf("rounding %q without grids to round to", o.Rounding)
		}
		return nil
	}
	if err := o.Quantize.Check(); err != nil {
		return err
	}
	if m := o.Pattern.M; m > 0 && o.Quantize.Group%m != 0 {
		return fmt.Errorf("grids for groups of %d columns with pattern %v: want a multiple of %d", o.Quantize.Group, o.Pattern, m)
	}
	if o.Rounding == RoundFeedback && !isSolver(feedbackSolver) {
		return fmt.Errorf("rounding %q is done by the solver %s, which is not registered", o.Rounding, feedbackSolver)
	}
	return nil
}

// rounding settles how the weights that a method leaves are rounded.
func (o *Options) rounding(m Method) string {
	switch u, ok := m.(StatisticsUser); {
	case o.Quantize == nil, o.Rounding != "":
		return o.Rounding
	case ok && u.Needs().Hessian && isSolver(feedbackSolver):
		return RoundFeedback
	}
	return RoundNearest
}

// quantize rounds what the method left of the layer's matrices to grids, with the masks as they are,
// except for those that a solver has rounded while it pruned.
func (l *Layer) quantize(ctx context.Context) error {
	o := l.run.options
	if o.Quantize == nil {
		return nil
	}
	rest := slices.DeleteFunc(slices.Clone(l.selected), func(lin *nn.Linear) bool {
		return l.results[lin] == nil || l.results[lin].Quantization != nil
	})
	if len(rest) == 0 {
		return nil
	}
	if o.Rounding == RoundNearest {
		for _, lin := range rest {
			w := linalg.FromTensor(lin.Weight.Value)
			rounded, grid := quant.Nearest(*o.Quantize, w)
			if err := l.Set(lin, &local.Solution{W: rounded, Mask: sparsity.MaskOf(w), Grid: grid}); err != nil {
				return err
			}
		}
		return nil
	}
	return l.quantizeWithFeedback(ctx, rest)
}

// quantizeWithFeedback keeps the outputs that the pruned layer has: the objective of rounding a matrix
// is ‖X(Q − Ŵ)ᵀ‖² with the weights Ŵ that the method came to.
func (l *Layer) quantizeWithFeedback(ctx context.Context, linears []*nn.Linear) error {
	o := l.run.options
	s, err := NewSolver(feedbackSolver, local.SolverOptions{BlockSize: o.BlockSize, DampFrac: o.DampFrac})
	if err != nil {
		return err
	}
	stats, err := l.roundingStats(ctx)
	if err != nil {
		return err
	}
	for i, lin := range linears {
		l.Progress(StageSolve, float64(i)/float64(len(linears)))
		w := linalg.FromTensor(lin.Weight.Value)
		sol, err := local.Solve(ctx, s, &local.Problem{
			Name: l.TensorName(lin), W: w, H: stats[lin].Hessian, Keep: sparsity.MaskOf(w), Quantize: o.Quantize, Log: l.Log,
		})
		if err != nil {
			return fmt.Errorf("round %w", err)
		}
		if err := l.Set(lin, sol); err != nil {
			return err
		}
	}
	return nil
}

// roundingStats are those that a local solver was given, or what the inputs are in the pruned layer.
func (l *Layer) roundingStats(ctx context.Context) (map[*nn.Linear]*calib.Stats, error) {
	if _, ok := l.run.method.(*localMethod); ok && l.stats != nil {
		return l.stats, nil
	}
	return l.Capture(ctx, local.Needs{Hessian: true})
}
