package adagp

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// LayerStep is a step on one decoder layer behind the pruning of its matrices. It moves the weights that are left, by
// [Layer.Move].
type LayerStep interface {
	About() About
	// Run works on the layer. A cancelled context ends it soon with the context's error.
	Run(ctx context.Context, l *Layer) error
}

// ModelStep is a step on the whole model, when all layers are pruned. It moves weights by [prune.Final.Set].
type ModelStep interface {
	About() About
	// Run works on the model. A cancelled context ends it soon with the context's error.
	Run(ctx context.Context, f *prune.Final) error
}

// About is what a step says of itself before a run.
type About struct {
	// Settings are all that the step's results depend on, after defaults. Reports have them among those of the method,
	// and two runs with other settings are not the same run.
	Settings map[string]any
	// Memory is the most that the step takes beside the weights, in bytes; nil: next to nothing.
	Memory func(s prune.LayerShape) prune.StagePlan
	// Time is what a step on a layer takes, in units of what pruning the layer takes, roughly: for the display of
	// progress.
	Time float64
	// HeldOut says that a step on a layer is left out where no calibration windows are held out to judge it. Runs tell
	// that beforehand; the step itself has to look at [prune.Layer.HeldOut].
	HeldOut bool
}

// Layer is a decoder layer whose matrices are pruned, on its way through the steps. Weights of the embedded Layer are
// the dense ones; the present ones are what the parameters hold.
type Layer struct {
	*prune.Layer
	Masks map[*nn.Linear]*sparsity.Mask // of all pruned matrices; steps keep to them
	Stats map[*nn.Linear]*calib.Stats   // sums over the inputs of each in the pruned network; read only
	Ridge float64                       // of the settings

	groups   *groups
	progress func(share float64)
}

// Move puts new weights w [out, in] in place of those of lin, rounded to the type they will be written in. They have to
// be zero where the mask prunes.
func (l *Layer) Move(lin *nn.Linear, w *linalg.Matrix) error {
	return l.Set(lin, &local.Solution{W: w, Mask: l.Masks[lin]})
}

// Done reports which share of the present step is done, from 0 to 1.
func (l *Layer) Done(share float64) { l.progress(share) }

// open prepares the pruning of a layer's matrices in groups. progress is told the share of it that is done.
func (m *plus) open(pl *prune.Layer, progress func(share float64)) (*Layer, error) {
	l := &Layer{Layer: pl, Ridge: m.Ridge, progress: progress, Masks: map[*nn.Linear]*sparsity.Mask{}, Stats: map[*nn.Linear]*calib.Stats{}}
	in := Streams{Dense: l.Dense, Pruned: l.Hidden, DenseOut: l.DenseOut, DenseSums: l.DenseSums, SeqLens: l.SeqLens}
	heldOut := l.HeldOutBatches()
	if heldOut == len(l.Hidden) {
		heldOut = 0 // nothing would be left to fit to
	}
	o := GroupOptions{
		Solver: m.Solver, Ridge: m.Ridge, Pattern: l.Pattern, RowWeights: l.RowWeights, Name: l.TensorName, HeldOut: heldOut,
		Frozen:  func(lin *nn.Linear) bool { return !slices.Contains(l.Selected(), lin) },
		Scratch: l.Scratch(),
		Set: func(lin *nn.Linear, s *local.Solution, stats *calib.Stats) error {
			l.UseStats(lin, stats)
			if len(m.Layer) > 0 {
				l.Masks[lin], l.Stats[lin] = s.Mask, stats
			} else { // the weights will not be set once more
				defer l.UseStats(lin, nil)
			}
			return l.Set(lin, s)
		},
		Note: l.Note, Progress: l.progress, Log: l.Log,
	}
	var err error
	if l.groups, err = newGroups(l.Module.Groups(), in, o); err != nil {
		return nil, fmt.Errorf("adagp: layer %s: %w", l.Module.Name(), err)
	}
	return l, nil
}
