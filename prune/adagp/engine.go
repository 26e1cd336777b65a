package adagp

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/tensor"
)

// chunkTokens is how many tokens are worked on at a time: what the updates need beside the persistent
// variables is this many rows of each.
const chunkTokens = 1024

// engine is the state of one alternation over a chain.
type engine struct {
	*graph
	o       *Options
	tokens  int
	updates []update    // of the auxiliary variables, activations before pre-activations
	summed  []*variable // whose Gram matrices the present pass takes
	exact   bool        // regressions have no ridge
	epoch   int
	losses  map[term]float64 // of the objective's terms, without their penalties, for notes
	watched bool             // the present pass sums the losses of joins
}

// run is the schedule: epoch 0 prunes the dense weights, every later one first moves the auxiliary
// variables to the pruned weights and refits the weights to them.
func (e *engine) run(ctx context.Context) error {
	type step struct {
		name string
		do   func(context.Context) error
		skip bool
	}
	for e.epoch = range e.o.Epochs {
		last := e.epoch == e.o.Epochs-1
		steps := []step{
			{"refit weights", e.refitWeights, e.epoch == 0},
			{"prune weights", e.pruneWeights, false},
			// The result of the last epoch is its pruned weights, nobody reads these updates.
			{"update activations and pre-activations", e.updateAuxiliaries, last && e.o.Objective == nil},
		}
		for i, s := range steps {
			if err := ctx.Err(); err != nil {
				return err
			}
			if e.o.Progress != nil {
				e.o.Progress((float64(e.epoch) + float64(i)/float64(len(steps))) / float64(e.o.Epochs))
			}
			if s.skip {
				continue
			}
			if err := s.do(ctx); err != nil {
				return fmt.Errorf("epoch %d, %s: %w", e.epoch, s.name, err)
			}
		}
	}
	if e.o.Progress != nil {
		e.o.Progress(1)
	}
	return nil
}

// initialise gives every auxiliary variable the value it has in the dense network, and the output too
// unless it was given, and takes the first sums.
func (e *engine) initialise(ctx context.Context) error {
	return e.pass(ctx, func() {
		for _, v := range e.vars {
			if v.source != nil && (!v.given || e.o.ownOutput) {
				v.at.CopyFrom(prediction(v.source))
			}
		}
	})
}

// updateAuxiliaries goes once over the tokens. In each chunk the activations are updated first, in the
// order from the output to the input, then the pre-activations in the order of the links.
func (e *engine) updateAuxiliaries(ctx context.Context) error {
	tags := make([]string, len(e.updates))
	sums := make([]float64, len(e.updates))
	for i, u := range e.updates {
		if err := u.prepare(); err != nil {
			return err
		}
		tags[i] = u.variable().name
	}
	refit := e.epoch+1 < e.o.Epochs
	e.clearSums(false, refit)
	err := e.pass(ctx, func() {
		for i, u := range e.updates {
			u.apply()
			if e.o.Objective != nil {
				sums[i] += e.chunkObjective()
			}
		}
	})
	if err != nil {
		return err
	}
	for i, tag := range tags {
		e.report(tag, sums[i])
	}
	if refit && e.o.Note != nil {
		for _, l := range e.links {
			e.losses[l] = e.linkLoss(l)
		}
		e.noteSum("signals")
	}
	return nil
}

// pass presents the tokens chunk by chunk: body sees and changes the variables' values in the chunk.
// What it leaves there is summed for the next weight updates, and kept where it has to persist.
func (e *engine) pass(ctx context.Context, body func()) error {
	for lo := 0; lo < e.tokens; lo += chunkTokens {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.load(lo, min(lo+chunkTokens, e.tokens))
		body()
		for _, v := range e.vars {
			if v.given {
				continue
			}
			if i, ok := v.at.Finite(); !ok {
				return fmt.Errorf("variable %s is %v at token %d, feature %d: the updates diverge, try smaller penalties",
					v.name, v.at.Data()[i], lo+i/v.at.Dim(1), i%v.at.Dim(1))
			}
		}
		e.addSums()
	}
	return nil
}

// load points every variable at the chunk of tokens [lo, hi): at its stored values, or at scratch
// memory for those that are written before they are read.
func (e *engine) load(lo, hi int) {
	e.tape.Reset()
	for _, v := range e.vars {
		switch {
		case v.values != nil:
			v.at = v.values.Rows(lo, hi)
		case v.at == nil || v.at.Dim(0) != hi-lo:
			v.at = tensor.New(hi-lo, e.width(v))
		}
	}
}
