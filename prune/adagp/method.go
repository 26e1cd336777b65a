package adagp

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// defaultSolver is the published local solver.
const defaultSolver = "sparsegpt"

func init() {
	prune.RegisterMethod("adagp", "every matrix towards what the dense network has there, then all of them together (AdaGP+; --paper: AdaGP, SparseLLM)", newMethod)
}

func newMethod(o prune.MethodOptions) (prune.Method, error) {
	if o.Paper {
		return newPaper(o)
	}
	s, err := newSettings(o)
	if err != nil {
		return nil, err
	}
	return plus{s}, nil
}

// method is AdaGP as published, as a prune.Method.
type method struct {
	solverName string
	solver     local.Solver
	o          Options
	penalty    float64 // the published one, known after the first layer
}

func newPaper(o prune.MethodOptions) (prune.Method, error) {
	m := &method{solverName: o.SolverName, solver: o.Solver}
	if m.solver == nil {
		s, err := prune.NewSolver(defaultSolver, o.SolverOptions)
		if err != nil {
			return nil, err
		}
		m.solverName, m.solver = defaultSolver, s
	}
	if m.solver.Needs().WindowMoments {
		return nil, fmt.Errorf("solver %s compares calibration windows, of which the variables of AdaGP as published know nothing", m.solverName)
	}
	m.o = Options{Epochs: o.Epochs, Alpha: o.Alpha, Beta: o.Beta, Gamma: o.Gamma, Ridge: max(0, o.Ridge)}
	if m.o.Epochs == 0 {
		m.o.Epochs = DefaultEpochs
	}
	return m, nil
}

// Needs implements prune.StatisticsUser.
func (m *method) Needs() local.Needs { return m.solver.Needs().Or(local.Needs{Hessian: true}) }

// Describe implements prune.Describer.
func (m *method) Describe() (string, map[string]any) {
	or := func(v float64) float64 {
		if v == 0 {
			return m.penalty
		}
		return v
	}
	return m.solverName, map[string]any{
		"paper": true, "epochs": m.o.Epochs, "ridge": m.o.Ridge,
		"alpha": or(m.o.Alpha), "beta": or(m.o.Beta), "gamma": or(m.o.Gamma),
	}
}

// PruneLayer implements prune.Method: one capture through the still dense layer gives the statistics of
// every matrix and the chain's input; what is not part of the chain is pruned by the local solver.
func (m *method) PruneLayer(ctx context.Context, l *prune.Layer) error {
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
		stats, err := l.Capture(ctx, m.solver.Needs())
		if err != nil {
			return err
		}
		return l.SolveEach(ctx, m.solver, local, stats)
	}
	entry, err := entryOf(chain)
	if err != nil {
		return err
	}
	var recorder *calib.Recorder
	var observers []nn.Observer
	if m.o.Epochs > 1 {
		recorder = calib.NewRecorder(l.Tokens(), entry)
		observers = append(observers, recorder)
	}
	stats, err := l.Capture(ctx, m.Needs(), observers...)
	if err != nil {
		return err
	}
	var x *tensor.Tensor // no use for it in a single epoch
	if recorder != nil {
		if x, err = recorder.Inputs(entry); err != nil {
			return err
		}
	}
	if err := l.SolveEach(ctx, m.solver, local, stats); err != nil {
		return err
	}
	o := m.o
	o.Solver, o.PatternOf, o.Log, o.OutputSteps = m.solver, l.Pattern, l.Log, PublishedOutputSteps(chain)
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
