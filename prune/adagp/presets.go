package adagp

import (
	"fmt"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
)

// Refinement of feed-forward chains, see [refine]: penalties in units of the mean squares of the
// signals they are about.
const (
	refineAlpha = 1
	refineBeta  = 30
	refineGamma = 1
)

// preset is how much work AdaGP+ does behind the group by group pruning.
type preset struct {
	solver       string
	refineEpochs int // of the feed-forward chain, with closed forms
	tuneEpochs   int // of each decoder layer, by gradient descent
	globalEpochs int // of the whole model, by gradient descent
}

// Decoder layers are tuned with Adam's first rate and as many windows a step, in the units of package
// tune. The rate is higher than that for the model: a layer has a target for each of its outputs, which
// leaves less room to fit noise. Steps of one window gain nothing here and cost more.
const (
	blockRate    = 0.15
	blockWindows = 2
)

// DefaultPreset is the one of the three that is used when none is named.
const DefaultPreset = "balanced"

var presets = map[string]preset{
	"fast":     {solver: "admm-patient"}, // nothing tunes the weights afterwards
	"balanced": {solver: "admm", tuneEpochs: 2, globalEpochs: 2},
	"best":     {solver: "alps", refineEpochs: 3, tuneEpochs: 4, globalEpochs: 4},
}

// settings are a preset with everything that options may change.
type settings struct {
	preset
	name               string
	local              local.Solver
	ridge              float64
	alpha, beta, gamma float64
	seed               uint64
}

// tinyRidge stands for none: the targets need some.
const tinyRidge = 1e-9

func newSettings(o prune.MethodOptions) (*settings, error) {
	s := &settings{name: o.Preset, ridge: o.Ridge, alpha: o.Alpha, beta: o.Beta, gamma: o.Gamma, seed: o.Seed}
	if s.name == "" {
		s.name = DefaultPreset
	}
	p, ok := presets[s.name]
	if !ok {
		return nil, fmt.Errorf("preset %q: want fast, balanced or best", s.name)
	}
	s.preset = p
	if o.Epochs > 0 {
		s.refineEpochs = o.Epochs
	}
	if o.Quantized {
		s.globalEpochs = 0
	}
	if s.local = o.Solver; s.local != nil {
		s.solver = o.SolverName
	} else {
		var err error
		if s.local, err = prune.NewSolver(s.solver, o.SolverOptions); err != nil {
			return nil, err
		}
	}
	for _, d := range []struct {
		value   *float64
		instead float64
	}{{&s.ridge, DefaultTargetRidge}, {&s.alpha, refineAlpha}, {&s.beta, refineBeta}, {&s.gamma, refineGamma}} {
		if *d.value == 0 {
			*d.value = d.instead
		}
	}
	if s.ridge < 0 {
		s.ridge = tinyRidge
	}
	return s, nil
}

// Describe implements prune.Describer.
func (s *settings) Describe() (string, map[string]any) {
	h := map[string]any{"paper": false, "preset": s.name, "ridge": s.ridge, "epochs": s.refineEpochs,
		"tune_epochs": s.tuneEpochs, "global_epochs": s.globalEpochs}
	if s.refineEpochs > 0 {
		h["alpha"], h["beta"], h["gamma"] = s.alpha, s.beta, s.gamma
	}
	return s.solver, h
}
