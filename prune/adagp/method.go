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
	var local, joint []*nn.Linear
	for _, lin := range l.Selected() {
		if inChain(lin) {
			joint = append(joint, lin)
		} else {
			local = append(local, lin)
		}
	}
	if len(joint) == 0 {
		stats, err := l.Capture(ctx, m.Solver.Needs())
		if err != nil {
			return err
		}
		return l.SolveEach(ctx, m.Solver, local, stats)
	}
	entry, err := entryOf(chain)
	if err != nil {
		return err
	}
	var recorder *calib.Recorder
	var observers []nn.Observer
	if m.Epochs > 1 {
		recorder = calib.NewRecorder(l.Tokens(), entry)
		observers = append(observers, recorder)
	}
	stats, err := l.Capture(ctx, m.needs(), observers...)
	if err != nil {
		return err
	}
	var x *tensor.Tensor // no use for it in a single epoch
	if recorder != nil {
		if x, err = recorder.Inputs(entry); err != nil {
			return err
		}
	}
	if err := l.SolveEach(ctx, m.Solver, local, stats); err != nil {
		return err
	}
	o := Options{Epochs: m.Epochs, Alpha: m.Alpha, Beta: m.Beta, Gamma: m.Gamma, Ridge: m.Ridge, Solver: m.Solver,
		PatternOf: l.Pattern, Log: l.Log, OutputSteps: PublishedOutputSteps(chain)}
	o.Frozen = func(lin *nn.Linear) bool { return !slices.Contains(joint, lin) }
	o.Hessian = func(lin *nn.Linear) *linalg.Matrix {
		if slices.Contains(joint, lin) {
			return stats[lin].Hessian
		}
		return nil
	}
	done := float64(len(local)) / float64(len(l.Selected()))
	o.Progress = func(f float64) { l.Progress(prune.StageSolve, done+(1-done)*f) }
	o.Note = l.Note
	solutions, err := Solve(ctx, chain, x, nil, o)
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

// entryOf returns a linear map that reads the chain's input.
func entryOf(c *nn.Chain) (*nn.Linear, error) {
	for _, l := range c.Links {
		if l.In == nn.Input {
			return l.Linear, nil
		}
	}
	return nil, fmt.Errorf("chain %s: no linear map reads the input, so nothing shows it to an observer", c.Name)
}
