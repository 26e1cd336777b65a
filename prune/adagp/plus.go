package adagp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor/linalg"
)

// plus is AdaGP+ as a prune.Method.
type plus struct{ Settings }

// PruneLayer implements prune.Method: groups one after the other, then whatever the preset adds.
func (m *plus) PruneLayer(ctx context.Context, l *prune.Layer) error {
	again := m.RefineEpochs > 0 || m.TuneEpochs > 0 // matrices will be set once more
	l.Progress(prune.StageCalibrate, 0)
	list := l.Module.Groups()
	e, err := newGroups(list, Streams{Dense: l.Dense, Pruned: l.Hidden, DenseOut: l.DenseOut, DenseSums: l.DenseSums, SeqLens: l.SeqLens}, GroupOptions{
		Solver: m.Solver, Pattern: l.Pattern, RowWeights: l.RowWeights, Name: l.TensorName, Ridge: m.Ridge, HeldOut: m.heldOut(l),
		Frozen:  func(lin *nn.Linear) bool { return !slices.Contains(l.Selected(), lin) },
		Scratch: l.Scratch(),
		Set: func(lin *nn.Linear, s *local.Solution, stats *calib.Stats) error {
			l.UseStats(lin, stats)
			if !again {
				defer l.UseStats(lin, nil)
			}
			return l.Set(lin, s)
		},
		Note:     l.Note,
		Progress: func(f float64) { l.Progress(prune.StageSolve, f*m.groupShare()) },
		Log:      l.Log,
	})
	if err != nil {
		return fmt.Errorf("adagp: layer %s: %w", l.Module.Name(), err)
	}
	defer e.release()
	if err := e.run(ctx); err != nil {
		return err
	}
	if m.RefineEpochs > 0 {
		if err := m.refine(ctx, l, e); err != nil {
			return err
		}
	}
	if m.TuneEpochs > 0 {
		return m.tune(ctx, l, e)
	}
	return nil
}

// groupShare is the share of a layer's time that the groups take, roughly.
func (m *plus) groupShare() float64 {
	return 1 / (1 + 0.5*float64(m.RefineEpochs) + 0.6*float64(m.TuneEpochs))
}

// heldOut is how many batches to judge by: those that the run holds out, if that leaves any.
func (m *plus) heldOut(l *prune.Layer) int {
	if n := l.HeldOutBatches(); n < len(l.Hidden) {
		return n
	}
	return 0
}

// tune moves the weights that are left by gradient descent, towards the dense layer's output.
func (m *plus) tune(ctx context.Context, l *prune.Layer, e *groups) error {
	e.release()
	if l.HeldOut() == 0 {
		return nil // nothing could tell whether it helps, and the run has told so
	}
	r, err := tune.Block(ctx, l.Module, e.masks, l.Hidden, l.DenseOut, l.SeqLens, tune.Options{
		LR: blockRate, BatchWindows: blockWindows, Epochs: m.TuneEpochs, Seed: l.Seed, Log: l.Log,
		Progress: func(f float64) { l.Progress(prune.StageSolve, m.groupShare()+(1-m.groupShare())*f) },
	})
	if err != nil {
		return err
	}
	l.Note("block before tuning", r.Before)
	l.Note("block tuned", r.After)
	if r.Step == 0 {
		return nil
	}
	return e.setAgain(l)
}

// setAgain hands the present weights of all pruned maps to the layer once more.
func (e *groups) setAgain(l *prune.Layer) error {
	for _, lin := range l.Selected() {
		if err := l.Set(lin, &local.Solution{W: linalg.FromTensor(lin.Weight.Value), Mask: e.masks[lin]}); err != nil {
			return err
		}
	}
	return nil
}

// finish tunes the weights of all layers together.
func (m *plus) finish(ctx context.Context, f *prune.Final) (err error) {
	if f.HeldOut == 0 {
		return nil // the run has told so
	}
	dense, err := f.OpenDense()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dense.Close()) }()
	r, err := tune.Global(ctx, f.Model, dense, f.Masks, f.Windows, tune.Options{
		Epochs: m.GlobalEpochs, Seed: f.Seed, Wanted: f.DenseOut, Log: f.Log, Progress: f.Progress,
	})
	if err != nil {
		return err
	}
	f.Note("model before tuning", r.Before)
	f.Note("model tuned", r.After)
	if r.Step == 0 {
		return nil
	}
	for _, layer := range f.Model.Layers() {
		for _, lin := range layer.Linears() {
			if f.Masks[lin] == nil {
				continue
			}
			if err := f.Set(lin, lin.Weight.Value); err != nil {
				return err
			}
		}
	}
	return nil
}
