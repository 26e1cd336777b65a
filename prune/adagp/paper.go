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
		Solver: m.Solver, Pattern: l.Pattern, Epochs: m.Epochs, Alpha: m.Alpha, Beta: m.Beta, Gamma: m.Gamma, Ridge: m.Ridge,
		OutputSteps: PublishedOutputSteps(chain),
		Frozen:      func(lin *nn.Linear) bool { return !slices.Contains(joint, lin) },
		Stats:       func(lin *nn.Linear) *calib.Stats { return stats[lin] },
		Note:        l.Note, Progress: func(f float64) { l.Progress(prune.StageSolve, done+(1-done)*f) }, Log: l.Log,
	}
}

// layerMemory adds up what the local solver takes for each matrix, and the engine for the chain. The variables of the
// published method are in memory, whatever the scratch: the chain's input, its output and the pre-activations of every
// token.
func (m *paper) layerMemory(s prune.LayerShape) []prune.StagePlan {
	work := func(rows, cols int) int64 { return prune.WorkspaceOf(m.Solver, rows, cols, s.Kept) }
	stages := prune.LocalMemory(s, m.needs(), work)
	if s.Chain == nil {
		return stages
	}
	input := 4 * s.Tokens * int64(s.Hidden)
	sums := stages[0].Parts[0]
	for i := range stages {
		stages[i] = stages[i].With(prune.Part{What: "recorded inputs of all tokens", Bytes: input})
	}
	alternation := linksMemory(s.Chain, false)
	var outputs int64 // of all links for a token, in bytes
	for _, k := range s.Chain.Links {
		outputs += 4 * int64(k.Linear.Out())
		alternation[1].Bytes = max(alternation[1].Bytes, work(k.Linear.Out(), k.Linear.In()))
	}
	return append(stages, prune.NewStage("alternation over "+s.Chain.Name, alternation...).With(sums,
		prune.Part{What: "inputs, outputs and pre-activations of all tokens", Bytes: input + s.Tokens*outputs},
		// Of each variable what it is and was, its prediction, and the gradients of both.
		prune.Part{What: "a chunk of tokens", Bytes: min(chunkTokens, s.Tokens) * 5 * outputs}))
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
