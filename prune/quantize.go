package prune

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// How weights get onto their grids, in reports.
const (
	RoundFeedback = "gptq"    // Options.Feedback
	RoundNearest  = "nearest" // each weight by itself
)

// CheckQuantization reports settings of Quantize and Feedback that are out of range or do not go together.
func (o Options) CheckQuantization() error {
	if o.Quantize == nil {
		if o.Feedback != nil {
			return errors.New("a solver that rounds with feedback, without grids to round to")
		}
		return nil
	}
	if err := o.Quantize.Check(); err != nil {
		return err
	}
	if m := o.Pattern.M; m > 0 && o.Quantize.Group%m != 0 {
		return fmt.Errorf("grids for groups of %d columns with pattern %v: want a multiple of %d", o.Quantize.Group, o.Pattern, m)
	}
	return nil
}

// rounding says how the weights that a method leaves are rounded; "" for not at all.
func (o *Options) rounding() string {
	switch {
	case o.Quantize == nil:
		return ""
	case o.Feedback != nil:
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
	if o.Feedback == nil {
		for _, lin := range rest {
			w := linalg.FromTensor(lin.Weight.Value())
			rounded, grid := quant.Nearest(*o.Quantize, w)
			if err := l.Set(lin, &local.Solution{W: rounded, Mask: sparsity.MaskOf(w), Grid: grid}); err != nil {
				return err
			}
		}
		return nil
	}
	return l.quantizeWithFeedback(ctx, rest)
}

// roundingStages says what [Layer.quantize] takes.
func (r *run) roundingStages(c counts) []StagePlan {
	o := r.options
	switch {
	case o.Quantize == nil:
		return nil
	case o.Feedback == nil:
		return []StagePlan{NewStage("rounding of a layer", Part{"a matrix, before and after", 2 * 8 * c.widest})}
	}
	stages := LocalMemory(c.shape(r), o.Feedback.Needs(), func(rows, cols int) int64 {
		return WorkspaceOf(o.Feedback, rows, cols, 1-o.Pattern.Sparsity)
	})
	for i := range stages {
		stages[i].Name, stages[i].dense = "rounding: "+stages[i].Name, false
	}
	return stages
}

// quantizeWithFeedback keeps the outputs that the pruned layer has: the objective of rounding a matrix
// is ‖X(Q − Ŵ)ᵀ‖² with the weights Ŵ that the method came to.
func (l *Layer) quantizeWithFeedback(ctx context.Context, linears []*nn.Linear) error {
	o := l.run.options
	stats, err := l.roundingStats(ctx)
	if err != nil {
		return err
	}
	for i, lin := range linears {
		l.Progress(StageSolve, float64(i)/float64(len(linears)))
		w := linalg.FromTensor(lin.Weight.Value())
		sol, err := local.Solve(ctx, o.Feedback, &local.Problem{
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
