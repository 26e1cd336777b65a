package adagp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Alternate goes back and forth between the weights of a feed-forward chain and auxiliary variables in it, with
// masks fixed and without a backward pass: every variable is moved to the minimum of its cost or towards it, and
// weights are fitted to the variables on their masks. The best epoch on held-out tokens is the result.
type Alternate struct {
	Epochs int
	// Penalties of pre-activations, output and activations, in units of the mean squares of the signals; 0: 1, 30, 1.
	Alpha, Beta, Gamma float64
}

// options are those of [Solve].
func (a Alternate) options(ridge float64) Options {
	return Options{Epochs: a.Epochs, Alpha: cmp.Or(a.Alpha, 1), Beta: cmp.Or(a.Beta, 30), Gamma: cmp.Or(a.Gamma, 1), Relative: true,
		Ridge: ridge, Recompute: true, Newton: true, Safeguard: true}
}

func (a Alternate) time() float64 { return 0.5 * float64(a.Epochs) }

func (Alternate) wantsHeldOut() bool { return false }

func (a Alternate) describe(settings map[string]any) {
	o := a.options(0)
	settings["epochs"], settings["alpha"], settings["beta"], settings["gamma"] = o.Epochs, o.Alpha, o.Beta, o.Gamma
}

// run leaves layers alone that have no chain, or none of which the inputs and outputs are known.
func (a Alternate) run(ctx context.Context, l *layer) error {
	chain := l.Module.Chain()
	if chain == nil || !slices.ContainsFunc(chain.Links, func(k nn.Link) bool { return l.masks[k.Linear] != nil }) {
		return nil
	}
	data, err := l.chainData(chain)
	if err != nil || data == nil {
		return err
	}
	o := a.options(l.settings.Ridge)
	o.Masks, o.Dense, o.Progress, o.Log = l.masks, l.original, l.fraction, l.Log
	o.Judge = func(epoch int, err float64) {
		step := "chain before refinement"
		if epoch > 0 {
			step = fmt.Sprintf("chain refined %d", epoch)
		}
		l.Note(step, err)
	}
	best, err := alternate(ctx, chain, o, func(*graph) tokens { return *data })
	if err != nil {
		return err
	}
	for _, k := range chain.Links {
		if s := best[k.Linear]; s != nil {
			if err := l.Set(k.Linear, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// TuneLayer moves the weights that are left in a decoder layer by gradient descent, towards the dense layer's
// output.
type TuneLayer struct{ Epochs int }

// Decoder layers are tuned with Adam's first rate and as many windows a step, in the units of package
// tune. The rate is higher than that for the model: a layer has a target for each of its outputs, which
// leaves less room to fit noise. Steps of one window gain nothing here and cost more.
const (
	blockRate    = 0.15
	blockWindows = 2
)

func (t TuneLayer) time() float64 { return 0.6 * float64(t.Epochs) }

func (TuneLayer) wantsHeldOut() bool { return true }

func (t TuneLayer) describe(settings map[string]any) { settings["tune_epochs"] = t.Epochs }

// run leaves the weights alone where no windows are held out: nothing could tell whether it helps, and the run has
// told so.
func (t TuneLayer) run(ctx context.Context, l *layer) error {
	l.release()
	if l.HeldOut() == 0 {
		return nil
	}
	r, err := tune.Block(ctx, l.Module, l.masks, l.Hidden, l.DenseOut, l.SeqLens, tune.Options{
		LR: blockRate, BatchWindows: blockWindows, Epochs: t.Epochs, Seed: l.Seed, Log: l.Log, Progress: l.fraction,
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
		if err := l.Set(lin, &local.Solution{W: linalg.FromTensor(lin.Weight.Value()), Mask: l.masks[lin]}); err != nil {
			return err
		}
	}
	return nil
}

// TuneModel moves the weights that are left in all layers together by gradient descent, towards the dense model's
// distributions of the next token.
type TuneModel struct{ Epochs int }

func (t TuneModel) describe(settings map[string]any) { settings["global_epochs"] = t.Epochs }

// run leaves the weights alone where no windows are held out, as [TuneLayer] does.
func (t TuneModel) run(ctx context.Context, f *prune.Final) (err error) {
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
			if f.Masks[lin] == nil {
				continue
			}
			if err := f.Set(lin, lin.Weight.Value()); err != nil {
				return err
			}
		}
	}
	return nil
}

// chainData gives inputs and residual targets of a chain that begins with one group and ends with the
// map of another, which adds to the stream that passes by; nil when it is not like that.
func (e *groups) chainData(c *nn.Chain) (*tokens, error) {
	find := func(variable func(nn.Link) bool) int {
		i := slices.IndexFunc(c.Links, variable)
		if i < 0 {
			return -1
		}
		return slices.IndexFunc(e.list, func(g nn.Group) bool { return slices.Contains(g.Linears, c.Links[i].Linear) })
	}
	first := find(func(l nn.Link) bool { return l.In == nn.Input })
	last := find(func(l nn.Link) bool { return l.Out == nn.Output })
	if first < 0 || last < first || e.list[last].Target != nn.Residual {
		return nil, nil
	}
	if ok, err := e.pruned.passes(first, last); err != nil || !ok {
		return nil, err
	}
	data := &tokens{heldOut: e.o.HeldOut, at: func(b int) (x, y *tensor.Tensor, err error) {
		at, err := e.pruned.reach(b, first)
		if err != nil {
			return nil, nil, err
		}
		if y, err = e.residual(b, last, at.signals[0].Value); err != nil {
			return nil, nil, err
		}
		return e.list[first].Input(e.pruned.context(b), at.signals).Value, y, nil
	}}
	for _, slot := range e.pruned.input {
		data.rows = append(data.rows, slot.Dim(0))
	}
	return data, nil
}
