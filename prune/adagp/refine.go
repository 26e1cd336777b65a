package adagp

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// refine alternates over the layer's chain with the masks that e has chosen.
func (m *plus) refine(ctx context.Context, l *prune.Layer, e *groups) error {
	chain := l.Module.Chain()
	if chain == nil || !slices.ContainsFunc(chain.Links, func(k nn.Link) bool { return e.masks[k.Linear] != nil }) {
		return nil
	}
	data, err := e.chainData(chain)
	if err != nil || data == nil {
		return err
	}
	share := m.groupShare()
	o := refinement(m.RefineEpochs, m.Alpha, m.Beta, m.Gamma, m.Ridge)
	o.Masks, o.Dense, o.Log = e.masks, e.original, l.Log
	o.Progress = func(f float64) { l.Progress(prune.StageSolve, share+f*0.5*share*float64(m.RefineEpochs)) }
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
			if err := l.Set(k.Linear, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// refinement is the alternation of AdaGP+: masks are fixed, variables recomputed, penalties relative, and every
// variable goes to the minimum of its cost, or towards it by guarded steps.
func refinement(epochs int, alpha, beta, gamma, ridge float64) Options {
	return Options{Epochs: epochs, Alpha: alpha, Beta: beta, Gamma: gamma, Ridge: ridge,
		Recompute: true, Relative: true, Newton: true, Safeguard: true}
}

// chainData gives inputs and residual targets of a chain that begins with one group and ends with the
// map of another, which adds to the stream that passes by; nil when it is not like that.
func (e *groups) chainData(c *nn.Chain) (*tokens, error) {
	find := func(variable func(nn.Link) bool) int {
		i := slices.IndexFunc(c.Links, variable)
		if i < 0 {
			return -1
		}
		return slices.IndexFunc(e.list, func(g nn.Group) bool { return slices.Contains(g.Linears, c.Links[i].Linear) })
	}
	first := find(func(l nn.Link) bool { return l.In == nn.Input })
	last := find(func(l nn.Link) bool { return l.Out == nn.Output })
	if first < 0 || last < first || e.list[last].Target != nn.Residual {
		return nil, nil
	}
	if ok, err := e.pruned.passes(first, last); err != nil || !ok {
		return nil, err
	}
	data := &tokens{heldOut: e.o.HeldOut, at: func(b int) (x, y *tensor.Tensor, err error) {
		at, err := e.pruned.reach(b, first)
		if err != nil {
			return nil, nil, err
		}
		if y, err = e.residual(b, last, at.signals[0].Value); err != nil {
			return nil, nil, err
		}
		return e.list[first].Input(e.pruned.context(b), at.signals).Value, y, nil
	}}
	for _, slot := range e.pruned.input {
		data.rows = append(data.rows, slot.Dim(0))
	}
	return data, nil
}
