package adagp

import (
	"cmp"
	"flag"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/admm"
	"github.com/adagp/adagp/prune/alps"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
)

// Refinement of feed-forward chains, see [refine]: penalties in units of the mean squares of the
// signals they are about.
const (
	refineAlpha = 1
	refineBeta  = 30
	refineGamma = 1
)

// Decoder layers are tuned with Adam's first rate and as many windows a step, in the units of package
// tune. The rate is higher than that for the model: a layer has a target for each of its outputs, which
// leaves less room to fit noise. Steps of one window gain nothing here and cost more.
const (
	blockRate    = 0.15
	blockWindows = 2
)

// Settings are those of AdaGP+: how much work it does behind the group by group pruning, and with what.
type Settings struct {
	Preset       string       // name of what the settings began as, for reports
	Solver       local.Solver // prunes single matrices
	RefineEpochs int          // of the feed-forward chain, with closed forms
	TuneEpochs   int          // of each decoder layer, by gradient descent
	GlobalEpochs int          // of the whole model, by gradient descent
	Ridge        float64      // share of the mean diagonal in least-squares targets; 0: DefaultTargetRidge; negative: as good as none
	// Penalties of the refinement, on pre-activations, output and activations, in units of the mean squares of the
	// signals; 0: 1, 30 and 1.
	Alpha, Beta, Gamma float64
}

// Fast prunes matrix after matrix; nothing tunes the weights afterwards, so the solver is a patient one.
func Fast() Settings { return Settings{Preset: "fast", Solver: admm.Patient()} }

// Balanced tunes what is left, layer by layer and in the whole model. It is the default.
func Balanced() Settings {
	return Settings{Preset: "balanced", Solver: admm.Solver{}, TuneEpochs: 2, GlobalEpochs: 2}
}

// Best has a slower solver, refines feed-forward chains and tunes longer.
func Best() Settings {
	return Settings{Preset: "best", Solver: alps.Solver{}, RefineEpochs: 3, TuneEpochs: 4, GlobalEpochs: 4}
}

// Presets are the names of [Fast], [Balanced] and [Best], by rising cost.
var Presets = []string{"fast", "balanced", "best"}

var presets = map[string]func() Settings{"fast": Fast, "balanced": Balanced, "best": Best}

// tinyRidge stands for none: the targets need some.
const tinyRidge = 1e-9

// New returns AdaGP+ with the given settings.
func New(s Settings) prune.Method {
	s.Ridge = cmp.Or(s.Ridge, DefaultTargetRidge)
	s.Alpha, s.Beta, s.Gamma = cmp.Or(s.Alpha, refineAlpha), cmp.Or(s.Beta, refineBeta), cmp.Or(s.Gamma, refineGamma)
	if s.Ridge < 0 {
		s.Ridge = tinyRidge
	}
	if s.Solver == nil {
		s.Solver = Balanced().Solver
	}
	return &plus{s}
}

func init() {
	registry.Method("adagp", "every matrix towards what the dense network has there, then all of them together (AdaGP+; --paper: AdaGP, SparseLLM)", declare)
}

// declare reads the settings of both methods.
func declare(fs *flag.FlagSet) func() (prune.Method, error) {
	var s PaperSettings
	var preset string
	paper := fs.Bool("paper", false, "AdaGP exactly as published")
	registry.Choice(fs, &preset, "preset", "how much is done, `NAME` of fast, balanced, best", Presets...)
	registry.Count(fs, &s.Epochs, "epochs", "rounds `N` of alternating minimisation")
	registry.Positive(fs, &s.Alpha, "alpha", "penalty `X` on pre-activations")
	registry.Positive(fs, &s.Beta, "beta", "penalty `X` on outputs")
	registry.Positive(fs, &s.Gamma, "gamma", "penalty `X` on activations")
	inner := registry.Inner(fs)
	return func() (_ prune.Method, err error) {
		if *paper {
			if preset != "" {
				return nil, &sparsity.ConflictError{A: "paper", B: "preset " + preset}
			}
			if s.Solver, err = inner(sparsegpt.Solver{}.Describe().Name); err != nil {
				return nil, err
			}
			return NewPaper(s)
		}
		p := presets[cmp.Or(preset, "balanced")]()
		if p.Solver, err = inner(p.Solver.Describe().Name); err != nil {
			return nil, err
		}
		p.RefineEpochs = cmp.Or(s.Epochs, p.RefineEpochs)
		p.Alpha, p.Beta, p.Gamma = s.Alpha, s.Beta, s.Gamma
		return New(p), nil
	}
}

// Describe implements prune.Method.
func (m *plus) Describe() prune.Description {
	h := map[string]any{"paper": false, "preset": m.Preset, "ridge": m.Ridge, "epochs": m.RefineEpochs,
		"tune_epochs": m.TuneEpochs, "global_epochs": m.GlobalEpochs}
	if m.RefineEpochs > 0 {
		h["alpha"], h["beta"], h["gamma"] = m.Alpha, m.Beta, m.Gamma
	}
	return describe(m.Solver, h)
}

// Wants implements prune.Method: outputs count by what the loss makes of them, maps that end a branch are to
// restore the dense sums there, and tuning needs windows that judge it.
func (m *plus) Wants(o *prune.Options) prune.Wants {
	w := prune.Wants{Statistics: local.Needs{Hessian: true}, Fisher: true, DenseSums: true, Allocation: "fisher",
		LayerMemory: m.layerMemory, FinishMemory: m.finishMemory}
	if o.Pattern.Structured() {
		w.Allocation = prune.Uniform
	}
	if m.GlobalEpochs > 0 {
		w.Finish = m.finish
	}
	w.HeldOut = m.TuneEpochs > 0 || w.Finish != nil
	return w
}

// describe adds the settings of the solver, which are its own, to those of the method.
func describe(s local.Solver, settings map[string]any) prune.Description {
	d := s.Describe()
	for name, v := range d.Settings {
		settings[name] = v
	}
	return prune.Description{Name: "adagp", Solver: d.Name, Settings: settings}
}
