package prune

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/scratch"
)

// Fisher returns the Fisher weight of every output i of the selected matrices [out],
//
//	f_i = mean over the calibration tokens of (dLoss/dy_i)²,
//
// with the next-token cross-entropy of the dense model, summed over positions, as the loss: to second
// order, an error e in output i of a token costs f_i·e²/2 of it. One forward and one backward pass, as
// in [Dense.Backward]; a second call costs nothing.
func (d *Dense) Fisher(ctx context.Context) (map[*nn.Linear][]float64, error) {
	if d.fisher != nil {
		return d.fisher, nil
	}
	grads, inputs := map[*nn.Linear]*calib.Stats{}, calib.NewCollector(local.Needs{SquaredNorms: true}, slices.Concat(d.Selected...)...)
	err := d.Backward(ctx, Sweep{}, func(g Gradient) error {
		inputs.Observe(g.Linear, g.X, nil)
		if grads[g.Linear] == nil {
			grads[g.Linear] = calib.NewStats(g.Linear.Out(), local.Needs{SquaredNorms: true})
		}
		if err := grads[g.Linear].Add(calib.Batch{X: g.DY}); err != nil {
			return fmt.Errorf("layer %s: gradients of the outputs, counted as inputs: %w", g.Linear.Name(), err)
		}
		return inputs.Err()
	})
	if err != nil {
		return nil, err
	}
	stats, err := inputs.Stats()
	if err != nil {
		return nil, err
	}
	d.fisher, d.norms = means(grads), means(stats)
	return d.fisher, nil
}

// InputNorms returns the mean square of every input of the selected matrices over the calibration
// tokens of the dense model, diag(H)/n [in]. After [Dense.Fisher] it costs nothing, otherwise one
// forward pass.
func (d *Dense) InputNorms(ctx context.Context) (map[*nn.Linear][]float64, error) {
	if d.norms != nil {
		return d.norms, nil
	}
	r := d.run
	hidden, lens, err := r.embedded(ctx, d.batches, r.scratch)
	if err != nil {
		return nil, err
	}
	defer scratch.FreeAll(hidden)
	r.before = prepareShare
	c := calib.NewCollector(local.Needs{SquaredNorms: true}, slices.Concat(d.Selected...)...)
	for i, module := range r.model.Layers()[:r.at.Layers] {
		release, err := r.load(module.Walk)
		if err != nil {
			return nil, err
		}
		for b := 0; b < len(hidden) && err == nil; b++ {
			if err = advanceOne(module, hidden[b], lens[b], c); err == nil {
				err = cmp.Or(c.Err(), ctx.Err())
			}
		}
		release()
		if err != nil {
			return nil, err
		}
		r.event(Event{Stage: StagePrepare, Fraction: float64(i+1) / float64(r.at.Layers)})
	}
	stats, err := c.Stats()
	if err != nil {
		return nil, err
	}
	d.norms = means(stats)
	return d.norms, nil
}

// advanceOne applies a decoder layer to a batch in place.
func advanceOne(m models.DecoderLayer, slot *scratch.Slot, seqLen int, o nn.Observer) error {
	h, err := slot.Load()
	if err != nil {
		return err
	}
	if h, err = applied(m, o)(nil, h, seqLen); err != nil {
		return err
	}
	return slot.Save(h)
}

// means divides the sums of squares by the number of tokens. An expert that no token goes through has zeros.
func means(stats map[*nn.Linear]*calib.Stats) map[*nn.Linear][]float64 {
	out := map[*nn.Linear][]float64{}
	for lin, s := range stats {
		v := make([]float64, len(s.SquaredNorms))
		for j, sum := range s.SquaredNorms {
			v[j] = sum / float64(max(1, s.Tokens))
		}
		out[lin] = v
	}
	return out
}
