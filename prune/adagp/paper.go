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
	var joint, others []*nn.Linear
	for _, lin := range l.Selected() {
		if chain != nil && slices.ContainsFunc(chain.Links, func(k nn.Link) bool { return k.Linear == lin }) {
			joint = append(joint, lin)
		} else {
			others = append(others, lin)
		}
	}
	stats, x, err := m.capture(ctx, l, chain, len(joint) > 0)
	if err != nil {
		return err
	}
	if err := l.SolveEach(ctx, m.Solver, others, stats); err != nil || len(joint) == 0 {
		return err
	}
	penalty, steps := Published(chain)
	done := float64(len(others)) / float64(len(l.Selected()))
	solutions, err := Solve(ctx, chain, x, nil, Options{
		Solver: m.Solver, Pattern: l.Pattern, Epochs: m.Epochs, Alpha: m.Alpha, Beta: m.Beta, Gamma: m.Gamma, Ridge: m.Ridge,
		OutputSteps: steps,
		Frozen:      func(lin *nn.Linear) bool { return !slices.Contains(joint, lin) },
		Stats:       func(lin *nn.Linear) *calib.Stats { return stats[lin] },
		Note:        l.Note, Progress: func(f float64) { l.Progress(prune.StageSolve, done+(1-done)*f) }, Log: l.Log,
	})
	if err != nil {
		return err
	}
	for _, lin := range joint {
		if err := l.Set(lin, solutions[lin]); err != nil {
			return err
		}
	}
	m.penalty = penalty
	return nil
}

// capture returns the statistics of all matrices, and the inputs of the chain [tokens, hidden] if the alternation is going
// to look at tokens, which a single epoch does not.
func (m *paper) capture(ctx context.Context, l *prune.Layer, chain *nn.Chain, joint bool) (stats map[*nn.Linear]*calib.Stats, x *tensor.Tensor, err error) {
	switch {
	case !joint:
		stats, err = l.Capture(ctx, m.Solver.Needs())
		return stats, nil, err
	case m.Epochs == 1:
		stats, err = l.Capture(ctx, m.needs())
		return stats, nil, err
	}
	i := slices.IndexFunc(chain.Links, func(k nn.Link) bool { return k.In == nn.Input && k.Enter == nil })
	if i < 0 {
		return nil, nil, fmt.Errorf("chain %s: no linear map reads the input, so nothing shows it to an observer", chain.Name)
	}
	entry := chain.Links[i].Linear
	recorder := calib.NewRecorder(l.Tokens(), entry)
	if stats, err = l.Capture(ctx, m.needs(), recorder); err != nil {
		return nil, nil, err
	}
	x, err = recorder.Inputs(entry)
	return stats, x, err
}

// layerMemory adds up what the local solver takes for each matrix, and the engine for the chain, whose variables are in
// memory, whatever the scratch.
func (m *paper) layerMemory(s prune.LayerShape) []prune.StagePlan {
	work := func(rows, cols int) int64 { return prune.WorkspaceOf(m.Solver, rows, cols, s.Kept) }
	stages := prune.LocalMemory(s, m.needs(), work)
	if s.Chain == nil {
		return stages
	}
	sums, links := stages[0].Parts[0], linksMemory(s.Chain, false)
	for _, k := range s.Chain.Links { // they are pruned after they are refitted
		links[1].Bytes = max(links[1].Bytes, work(k.Linear.Out(), k.Linear.In()))
	}
	for i := range stages {
		stages[i] = stages[i].With(prune.Part{What: "recorded inputs of all tokens", Bytes: 4 * s.Tokens * int64(s.Hidden)})
	}
	return append(stages, prune.NewStage("alternation over "+s.Chain.Name, links...).With(sums).With(variablesMemory(s.Chain, s.Tokens)...))
}

// Published returns the constants of the authors' code for a chain: alpha = beta = gamma, and the number of gradient steps
// that refit the map to the output, 0 for a regression. They have one set for feed-forward blocks with a gate, where
// signals are multiplied with each other as by SwiGLU, and another for those without.
func Published(c *nn.Chain) (penalty float64, outputSteps int) {
	if slices.ContainsFunc(c.Joins, func(j nn.Join) bool { return len(j.In) > 1 }) {
		return 5, 0
	}
	return 0.1, 10
}
