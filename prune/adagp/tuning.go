package adagp

import (
	"context"
	"errors"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor/linalg"
)

// TuneLayer moves the weights that are left in a decoder layer by gradient descent, towards the dense layer's
// output: [tune.Block].
type TuneLayer struct{ Epochs int }

// Decoder layers are tuned with Adam's first rate and as many windows a step, in the units of package
// tune. The rate is higher than that for the model: a layer has a target for each of its outputs, which
// leaves less room to fit noise. Steps of one window gain nothing here and cost more.
const (
	blockRate    = 0.15
	blockWindows = 2
)

// About implements LayerStep. Without windows held out, nothing could tell whether tuning helps.
func (t TuneLayer) About() About {
	return About{Settings: map[string]any{"tune_epochs": t.Epochs}, Time: 0.6 * float64(t.Epochs), HeldOut: true,
		Memory: func(s prune.LayerShape) prune.StagePlan { return tune.BlockMemory(s, blockWindows) }}
}

// Run implements LayerStep.
func (t TuneLayer) Run(ctx context.Context, l *Layer) error {
	l.groups.release() // the signals that are kept are of no more use
	if l.HeldOut() == 0 {
		return nil
	}
	r, err := tune.Block(ctx, l.Module, l.Masks, l.Hidden, l.DenseOut, l.SeqLens, tune.Options{
		LR: blockRate, BatchWindows: blockWindows, Epochs: t.Epochs, Seed: l.Seed, Log: l.Log, Progress: l.Done,
	})
	if err != nil {
		return err
	}
	l.Note("block before tuning", r.Before)
	l.Note("block tuned", r.After)
	if r.Step == 0 {
		return nil
	}
	for _, lin := range l.Selected() {
		if err := l.Move(lin, linalg.FromTensor(lin.Weight.Value())); err != nil {
			return err
		}
	}
	return nil
}

// TuneModel moves the weights that are left in all layers together by gradient descent, towards the dense model's
// distributions of the next token: [tune.Global]. Where no windows are held out it leaves them alone, as [TuneLayer]
// does.
type TuneModel struct{ Epochs int }

// About implements ModelStep.
func (t TuneModel) About() About {
	return About{Settings: map[string]any{"global_epochs": t.Epochs}, Memory: tune.GlobalMemory}
}

// Run implements ModelStep.
func (t TuneModel) Run(ctx context.Context, f *prune.Final) (err error) {
	if f.HeldOut == 0 {
		return nil
	}
	dense, err := f.OpenDense()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dense.Close()) }()
	r, err := tune.Global(ctx, f.Model, dense, f.Masks, f.Windows, tune.Options{
		Epochs: t.Epochs, Seed: f.Seed, Wanted: f.DenseOut, Log: f.Log, Progress: f.Progress,
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
			if f.Masks[lin] != nil {
				if err := f.Set(lin, lin.Weight.Value()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
