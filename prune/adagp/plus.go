package adagp

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/admm"
	"github.com/adagp/adagp/prune/alps"
	"github.com/adagp/adagp/prune/local"
)

// Settings are AdaGP+ as a list of steps.
//
//  1. The matrices of a decoder layer are pruned in groups with a common input, by [SolveGroups]: each gets the
//     dense weights that best restore the dense network's signals, by least squares with Ridge, and Solver finds the
//     mask and the weights nearest to those.
//  2. The steps in Layer follow while the layer is loaded. They move the weights that are left; masks do not change
//     any more.
//  3. When all layers are done, the steps in Model move the weights of all of them together.
//
// Steps are values, of this package or of yours: [LayerStep] and [ModelStep] say what one has to do.
type Settings struct {
	Preset string       // name for reports
	Solver local.Solver // finds masks; nil: that of [Balanced]
	Ridge  float64      // share of the mean diagonal in least-squares targets; 0: DefaultTargetRidge
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

// New returns AdaGP+ with the given settings.
func New(s Settings) prune.Method {
	s.Ridge = cmp.Or(s.Ridge, DefaultTargetRidge)
	if s.Solver == nil {
		s.Solver = Balanced().Solver
	}
	return &plus{s}
}

// plus is AdaGP+ as a prune.Method.
type plus struct{ Settings }

// PruneLayer implements prune.Method.
func (m *plus) PruneLayer(ctx context.Context, pl *prune.Layer) error {
	pl.Progress(prune.StageCalibrate, 0)
	all := 1.0 // time of pruning and of all steps
	for _, s := range m.Layer {
		all += s.About().Time
	}
	done, next := 0.0, 1/all
	l, err := m.open(pl, func(of float64) { pl.Progress(prune.StageSolve, done+of*next) })
	if err != nil {
		return err
	}
	defer l.groups.release()
	if err := l.groups.run(ctx); err != nil {
		return err
	}
	for _, s := range m.Layer {
		done, next = done+next, s.About().Time/all
		if err := s.Run(ctx, l); err != nil {
			return err
		}
	}
	return nil
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
	w.HeldOut = w.Finish != nil || slices.ContainsFunc(m.Layer, func(s LayerStep) bool { return s.About().HeldOut })
	return w
}

// finish takes the model through its steps.
func (m *plus) finish(ctx context.Context, f *prune.Final) error {
	for _, s := range m.Model {
		if err := s.Run(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// layerMemory adds up what pruning and the steps take. The Hessians of a matrix wait while a step may still set it
// again, for its error to be measured by.
func (m *plus) layerMemory(s prune.LayerShape) (stages []prune.StagePlan) {
	waiting := prune.Part{What: "Hessians of earlier matrices"}
	for i := range s.Groups {
		g := &s.Groups[i]
		for _, stage := range groupMemory(g, m.Solver, s) {
			stages = append(stages, stage.With(waiting))
		}
		if len(m.Layer) > 0 && slices.ContainsFunc(g.Linears, s.Prunes) {
			waiting.Bytes += prune.Float64s(g.Linears[0].In(), g.Linears[0].In())
		}
	}
	for _, step := range m.Layer {
		if memory := step.About().Memory; memory != nil {
			stages = append(stages, memory(s).With(waiting))
		}
	}
	return stages
}

// finishMemory is the most that a step on the model takes.
func (m *plus) finishMemory(s prune.LayerShape) []prune.Part {
	var most prune.StagePlan
	for _, step := range m.Model {
		if memory := step.About().Memory; memory != nil && memory(s).Bytes > most.Bytes {
			most = memory(s)
		}
	}
	return most.Parts
}

// Describe implements prune.Method.
func (m *plus) Describe() prune.Description {
	settings := map[string]any{"paper": false, "preset": m.Preset, "ridge": m.Ridge, "epochs": 0, "tune_epochs": 0, "global_epochs": 0}
	for _, s := range m.Layer {
		maps.Copy(settings, s.About().Settings)
	}
	for _, s := range m.Model {
		maps.Copy(settings, s.About().Settings)
	}
	return describe(m.Solver, settings)
}

// describe adds the settings of the solver, which are its own, to those of the method.
func describe(s local.Solver, settings map[string]any) prune.Description {
	d := s.Describe()
	maps.Copy(settings, d.Settings)
	return prune.Description{Name: "adagp", Solver: d.Name, Settings: settings}
}
