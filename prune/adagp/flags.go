package adagp

import (
	"cmp"
	"flag"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
)

var presets = map[string]func() Settings{"fast": Fast, "balanced": Balanced, "best": Best}

// Presets are the names of the presets, by rising cost.
var Presets = []string{"fast", "balanced", "best"}

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
		p.Layer = alternating(p.Layer, Alternate{s.Epochs, s.Alpha, s.Beta, s.Gamma})
		return New(p), nil
	}
}

// alternating gives the alternation among the steps other settings, where they are not 0; with epochs it puts one in
// front of steps that have none.
func alternating(steps []LayerStep, a Alternate) []LayerStep {
	for i, s := range steps {
		if was, ok := s.(Alternate); ok {
			a.Epochs = cmp.Or(a.Epochs, was.Epochs)
			steps[i] = a
			return steps
		}
	}
	if a.Epochs == 0 {
		return steps
	}
	return append([]LayerStep{a}, steps...)
}
