package adagp

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/admm"
	"github.com/adagp/adagp/prune/alps"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
)

// Settings are AdaGP+ as a list of steps.
//
// First the matrices of a decoder layer are pruned in groups with a common input, by [SolveGroups]: each gets the
// dense weights that best restore the dense network's signals, by least squares with Ridge, and Solver finds the
// mask and the weights nearest to those. The steps in Layer follow while the layer is loaded; they move the
// weights that are left, and masks do not change any more. When all layers are done, the steps in Model move
// the weights of all of them together. Each step is judged on calibration windows that it was not fitted to, and
// undone where it did not help.
type Settings struct {
	Preset string       // name for reports
	Solver local.Solver // finds masks
	Ridge  float64      // share of the mean diagonal in least-squares targets; 0: DefaultTargetRidge; negative: as good as none
	Layer  []LayerStep  // of these [Alternate] and [TuneLayer]
	Model  []ModelStep  // of these [TuneModel]
}

// Fast prunes and leaves it at that. Nothing tunes the weights afterwards, so the solver is a patient one.
func Fast() Settings {
	return Settings{Preset: "fast", Solver: admm.Patient()}
}

// Balanced tunes the weights that are left by gradient descent, layer by layer and in the whole model. It is the
// default.
func Balanced() Settings {
	return Settings{Preset: "balanced", Solver: admm.Solver{},
		Layer: []LayerStep{TuneLayer{Epochs: 2}},
		Model: []ModelStep{TuneModel{Epochs: 2}},
	}
}

// Best has a slower solver, and alternates over feed-forward chains before it tunes, for longer. It is the only
// preset with auxiliary variables.
func Best() Settings {
	return Settings{Preset: "best", Solver: alps.Solver{},
		Layer: []LayerStep{Alternate{Epochs: 3}, TuneLayer{Epochs: 4}},
		Model: []ModelStep{TuneModel{Epochs: 4}},
	}
}

// LayerStep is a step of AdaGP+ on one decoder layer behind the pruning of its matrices.
type LayerStep interface {
	// run works on the layer.
	run(ctx context.Context, l *layer) error
	// time is what it takes, in units of what pruning the layer takes, roughly.
	time() float64
	// wantsHeldOut reports whether it is left out where no windows are held out.
	wantsHeldOut() bool
	// describe adds its settings to those of the method.
	describe(settings map[string]any)
	// memory is what it takes beside the weights.
	memory(s prune.LayerShape) []prune.StagePlan
}

// ModelStep is a step of AdaGP+ on the whole model, when all layers are pruned.
type ModelStep interface {
	run(ctx context.Context, f *prune.Final) error
	describe(settings map[string]any)
	memory(s prune.LayerShape) []prune.Part
}

// plus is AdaGP+ as a prune.Method.
type plus struct{ Settings }

// tinyRidge stands for none: the targets need some.
const tinyRidge = 1e-9

// New returns AdaGP+ with the given settings.
func New(s Settings) prune.Method {
	s.Ridge = cmp.Or(s.Ridge, DefaultTargetRidge)
	if s.Ridge < 0 {
		s.Ridge = tinyRidge
	}
	if s.Solver == nil {
		s.Solver = Balanced().Solver
	}
	return &plus{s}
}

// layer is a decoder layer on its way through the steps.
type layer struct {
	*prune.Layer
	*groups                   // its streams, dense weights and masks
	settings *Settings        // of all steps
	fraction func(of float64) // reports how much of the present step is done
}

// PruneLayer implements prune.Method.
func (m *plus) PruneLayer(ctx context.Context, pl *prune.Layer) error {
	pl.Progress(prune.StageCalibrate, 0)
	l := &layer{Layer: pl, settings: &m.Settings}
	all := 1.0
	for _, s := range m.Layer {
		all += s.time()
	}
	done, next := 0.0, 1.0/all
	l.fraction = func(of float64) { pl.Progress(prune.StageSolve, done+of*next) }
	if err := l.open(); err != nil {
		return fmt.Errorf("adagp: layer %s: %w", pl.Module.Name(), err)
	}
	defer l.release()
	if err := l.groups.run(ctx); err != nil {
		return err
	}
	for _, s := range m.Layer {
		done, next = done+next, s.time()/all
		if err := s.run(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// open prepares the pruning of the layer's matrices in groups.
func (l *layer) open() (err error) {
	in := Streams{Dense: l.Dense, Pruned: l.Hidden, DenseOut: l.DenseOut, DenseSums: l.Layer.DenseSums, SeqLens: l.SeqLens}
	heldOut := l.HeldOutBatches()
	if heldOut == len(l.Hidden) {
		heldOut = 0 // nothing would be left to fit to
	}
	l.groups, err = newGroups(l.Module.Groups(), in, GroupOptions{
		Solver: l.settings.Solver, Ridge: l.settings.Ridge, Pattern: l.Pattern, RowWeights: l.RowWeights, Name: l.TensorName, HeldOut: heldOut,
		Frozen:  func(lin *nn.Linear) bool { return !slices.Contains(l.Selected(), lin) },
		Scratch: l.Scratch(),
		Set: func(lin *nn.Linear, s *local.Solution, stats *calib.Stats) error {
			l.UseStats(lin, stats)
			if len(l.settings.Layer) == 0 { // the weights will not be set once more
				defer l.UseStats(lin, nil)
			}
			return l.Set(lin, s)
		},
		Note: l.Note, Progress: l.fraction, Log: l.Log,
	})
	return err
}

// Wants implements prune.Method: outputs count by what the loss makes of them, maps that end a branch are to
// restore the dense sums there, and steps behind the pruning need windows that judge them.
func (m *plus) Wants(o *prune.Options) prune.Wants {
	w := prune.Wants{Statistics: local.Needs{Hessian: true}, Fisher: true, DenseSums: true, Allocation: "fisher",
		LayerMemory: m.layerMemory, FinishMemory: m.finishMemory}
	if o.Pattern.Structured() {
		w.Allocation = prune.Uniform
	}
	if len(m.Model) > 0 {
		w.Finish = m.finish
	}
	w.HeldOut = w.Finish != nil || slices.ContainsFunc(m.Layer, LayerStep.wantsHeldOut)
	return w
}

// finish takes the model through its steps.
func (m *plus) finish(ctx context.Context, f *prune.Final) error {
	for _, s := range m.Model {
		if err := s.run(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// Describe implements prune.Method.
func (m *plus) Describe() prune.Description {
	h := map[string]any{"paper": false, "preset": m.Preset, "ridge": m.Ridge, "epochs": 0, "tune_epochs": 0, "global_epochs": 0}
	for _, s := range m.Layer {
		s.describe(h)
	}
	for _, s := range m.Model {
		s.describe(h)
	}
	return describe(m.Solver, h)
}

// describe adds the settings of the solver, which are its own, to those of the method.
func describe(s local.Solver, settings map[string]any) prune.Description {
	d := s.Describe()
	for name, v := range d.Settings {
		settings[name] = v
	}
	return prune.Description{Name: "adagp", Solver: d.Name, Settings: settings}
}
