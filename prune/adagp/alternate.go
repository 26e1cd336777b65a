package adagp

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
)

// Alternate goes back and forth between the weights of a feed-forward chain and auxiliary variables in it, with
// masks fixed and without a backward pass: every variable is moved to the minimum of its cost or towards it, and
// weights are fitted to the variables on their masks. The best epoch on held-out tokens is the result.
// docs/maths/adagp-plus.md, equations (4) to (6).
type Alternate struct {
	Epochs int
	// Penalties of pre-activations, output and activations, in units of the mean squares of the signals; 0: 1, 30, 1.
	Alpha, Beta, Gamma float64
}

// options are those of [Solve].
func (a Alternate) options(ridge float64) Options {
	return Options{Epochs: a.Epochs, Alpha: cmp.Or(a.Alpha, 1), Beta: cmp.Or(a.Beta, 30), Gamma: cmp.Or(a.Gamma, 1), Relative: true,
		Ridge: ridge, Recompute: true, Newton: true, Safeguard: true}
}

// About implements LayerStep. Where nothing is held out, the tokens that are fitted to judge.
func (a Alternate) About() About {
	o := a.options(0)
	return About{
		Settings: map[string]any{"epochs": o.Epochs, "alpha": o.Alpha, "beta": o.Beta, "gamma": o.Gamma},
		Time:     0.5 * float64(a.Epochs),
		Memory: func(s prune.LayerShape) (p prune.StagePlan) {
			if s.Chain != nil {
				p = prune.NewStage("refinement of "+s.Chain.Name, linksMemory(s.Chain, true)...).With(
					prune.Part{What: "activations of a batch", Bytes: s.Batch*s.PerToken + min(chunkTokens, s.Batch)*s.PerToken/2})
			}
			return p
		},
	}
}

// Run implements LayerStep. Layers are left alone that have no chain, or none of which the inputs and outputs are known.
func (a Alternate) Run(ctx context.Context, l *Layer) error {
	chain := l.Module.Chain()
	if chain == nil || !slices.ContainsFunc(chain.Links, func(k nn.Link) bool { return l.Masks[k.Linear] != nil }) {
		return nil
	}
	data, err := l.groups.chainData(chain)
	if err != nil || data == nil {
		return err
	}
	o := a.options(l.Ridge)
	o.Masks, o.Dense, o.Progress, o.Log = l.Masks, l.groups.original, l.Done, l.Log
	o.Judge = func(epoch int, err float64) {
		step := "chain before refinement"
		if epoch > 0 {
			step = fmt.Sprintf("chain refined %d", epoch)
		}
		l.Note(step, err)
	}
	best, err := alternate(ctx, chain, o, func(*graph) tokens { return *data })
	if err != nil {
		return err
	}
	for _, k := range chain.Links {
		if s := best[k.Linear]; s != nil {
			if err := l.Move(k.Linear, s.W); err != nil {
				return err
			}
		}
	}
	return nil
}
