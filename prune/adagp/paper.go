package adagp

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// PaperSettings are those of AdaGP as published.
type PaperSettings struct {
	Solver             local.Solver // prunes single matrices; nil: sparsegpt.Solver{}, as published
	Epochs             int          // rounds of the alternation; 0: DefaultEpochs
	Alpha, Beta, Gamma float64      // penalties; 0: the published ones of the chain
	Ridge              float64      // share of the mean diagonal in regressions; at most 0: none, as published
}

// paper is AdaGP as published, as a prune.Method.
type paper struct {
	PaperSettings
	penalty float64 // the chain's default, known after the first layer
}

// NewPaper returns AdaGP as published. Solvers that compare calibration windows are refused.
func NewPaper(s PaperSettings) (prune.Method, error) {
	if s.Solver == nil {
		s.Solver = sparsegpt.Solver{}
	}
	if s.Solver.Needs().WindowMoments {
		return nil, fmt.Errorf("solver %s compares calibration windows, of which the variables of AdaGP as published know nothing", s.Solver.Describe().Name)
	}
	s.Epochs, s.Ridge = cmp.Or(s.Epochs, DefaultEpochs), max(0, s.Ridge)
	return &paper{PaperSettings: s}, nil
}

// Describe implements prune.Method.
func (m *paper) Describe() prune.Description {
	return describe(m.Solver, map[string]any{
		"paper": true, "epochs": m.Epochs, "ridge": m.Ridge,
		"alpha": cmp.Or(m.Alpha, m.penalty), "beta": cmp.Or(m.Beta, m.penalty), "gamma": cmp.Or(m.Gamma, m.penalty),
	})
}

// needs are the statistics of every matrix.
func (m *paper) needs() local.Needs { return m.Solver.Needs().Or(local.Needs{Hessian: true}) }

// Wants implements prune.Method.
func (m *paper) Wants(*prune.Options) prune.Wants {
	return prune.Wants{Statistics: m.needs(), LayerMemory: m.layerMemory}
}

// PruneLayer implements prune.Method: one capture through the still dense layer gives the statistics of
// every matrix and the chain's input; what is not part of the chain is pruned by the local solver.
func (m *paper) PruneLayer(ctx context.Context, l *prune.Layer) error {
	chain := l.Module.Chain()
	inChain := func(lin *nn.Linear) bool {
		return chain != nil && slices.ContainsFunc(chain.Links, func(k nn.Link) bool { return k.Linear == lin })
	}
	joint := slices.DeleteFunc(slices.Clone(l.Selected()), func(lin *nn.Linear) bool { return !inChain(lin) })
	others := slices.DeleteFunc(slices.Clone(l.Selected()), inChain)
	needs := m.Solver.Needs()
	var entry *nn.Linear
	var recorder *calib.Recorder
	var observers []nn.Observer
	if len(joint) > 0 {
		var err error
		if entry, err = entryOf(chain); err != nil {
			return err
		}
		if needs = m.needs(); m.Epochs > 1 {
			recorder = calib.NewRecorder(l.Tokens(), entry)
			observers = append(observers, recorder)
		}
	}
	stats, err := l.Capture(ctx, needs, observers...)
	if err != nil {
		return err
	}
	var x *tensor.Tensor // no use for it in a single epoch
	if recorder != nil {
		if x, err = recorder.Inputs(entry); err != nil {
			return err
		}
	}
	if err := l.SolveEach(ctx, m.Solver, others, stats); err != nil || len(joint) == 0 {
		return err
	}
	solutions, err := Solve(ctx, chain, x, nil, m.options(l, chain, joint, stats))
	if err != nil {
		return err
	}
	for _, lin := range joint {
		if err := l.Set(lin, solutions[lin]); err != nil {
			return err
		}
	}
	m.penalty = PublishedPenalty(chain)
	return nil
}

// options are those of [Solve] for the selected maps of a layer's chain, whose statistics are known.
func (m *paper) options(l *prune.Layer, chain *nn.Chain, joint []*nn.Linear, stats map[*nn.Linear]*calib.Stats) Options {
	done := 1 - float64(len(joint))/float64(len(l.Selected()))
	return Options{
		Solver: m.Solver, PatternOf: l.Pattern, Epochs: m.Epochs, Alpha: m.Alpha, Beta: m.Beta, Gamma: m.Gamma, Ridge: m.Ridge,
		OutputSteps: PublishedOutputSteps(chain),
		Frozen:      func(lin *nn.Linear) bool { return !slices.Contains(joint, lin) },
		Hessian: func(lin *nn.Linear) *linalg.Matrix {
			if slices.Contains(joint, lin) {
				return stats[lin].Hessian
			}
			return nil
		},
		Note: l.Note, Progress: func(f float64) { l.Progress(prune.StageSolve, done+(1-done)*f) }, Log: l.Log,
	}
}

// entryOf returns a linear map that reads the chain's input.
func entryOf(c *nn.Chain) (*nn.Linear, error) {
	for _, l := range c.Links {
		if l.In == nn.Input && l.Enter == nil {
			return l.Linear, nil
		}
	}
	return nil, fmt.Errorf("chain %s: no linear map reads the input, so nothing shows it to an observer", c.Name)
}

// The authors' code has one set of constants for feed-forward blocks with a gate and another for those
// without. Here they follow from the shape of the chain.
const (
	gatedPenalty     = 5
	plainPenalty     = 0.1
	plainOutputSteps = 10
)

// PublishedPenalty returns alpha = beta = gamma of the authors' code: 5 for a chain with a gate, 0.1 for others.
func PublishedPenalty(c *nn.Chain) float64 {
	if gated(c) {
		return gatedPenalty
	}
	return plainPenalty
}

// PublishedOutputSteps returns how the authors' code refits the map to the output: by 10 gradient steps in
// a chain without a gate, by regression (0) in one with a gate.
func PublishedOutputSteps(c *nn.Chain) int {
	if gated(c) {
		return 0
	}
	return plainOutputSteps
}

// gated reports whether signals are multiplied with each other, as by SwiGLU.
func gated(c *nn.Chain) bool {
	return slices.ContainsFunc(c.Joins, func(j nn.Join) bool { return len(j.In) > 1 })
}
