package prune

import (
	"cmp"
	"context"
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

// embedded is embed with the table loaded for it.
func (r *run) embedded(ctx context.Context, batches [][][]int, to *scratch.Store) (hidden []*scratch.Slot, seqLens []int, err error) {
	release, err := r.load(r.model.EmbedWalk)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	return r.embed(ctx, batches, to)
}

// embed turns batches of windows into hidden states, kept in the given store, and tells the length of the
// windows of each. The table must be loaded.
func (r *run) embed(ctx context.Context, batches [][][]int, to *scratch.Store) (hidden []*scratch.Slot, seqLens []int, err error) {
	for _, ids := range batches {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		h := r.model.Embed(&nn.Context{}, ids).Value
		if err := finiteStates("the embedding", h); err != nil {
			return nil, nil, err
		}
		slot, err := to.Put(h)
		if err != nil {
			return nil, nil, err
		}
		hidden, seqLens = append(hidden, slot), append(seqLens, len(ids[0]))
	}
	return hidden, seqLens, nil
}

// advance puts the outputs of a decoder layer in place of its inputs.
func (r *run) advance(hidden, dense []*scratch.Slot) {
	if !same(r.hidden, r.dense) {
		scratch.FreeAll(r.hidden)
	}
	scratch.FreeAll(r.dense)
	r.hidden, r.dense = hidden, dense
}

// same reports whether two streams are the very same slots.
func same(a, b []*scratch.Slot) bool { return len(a) > 0 && a[0] == b[0] }

// states returns the outputs of a decoder layer for the given inputs. o, which may be nil, is shown the pass.
func (r *run) states(ctx context.Context, module models.DecoderLayer, in []*scratch.Slot, o nn.Observer, s Stage) ([]*scratch.Slot, error) {
	out := make([]*scratch.Slot, len(in))
	err := r.forward(ctx, in, applied(module, o), s, func(b int, h *tensor.Tensor) (err error) {
		out[b], err = r.scratch.Put(h.Clone())
		return err
	})
	return out, err
}

// denseStates returns the outputs of the original layer, and adds the sums behind its groups with a residual
// target to sums, unless that is nil. o, which may be nil, is shown the pass.
func (r *run) denseStates(ctx context.Context, module models.DecoderLayer, sums map[int][]*scratch.Slot, o nn.Observer) ([]*scratch.Slot, error) {
	if sums == nil {
		return r.states(ctx, module, r.dense, o, StageLoad)
	}
	var out []*scratch.Slot
	keep := func(to *[]*scratch.Slot, h *tensor.Tensor) error {
		slot, err := r.scratch.Put(h.Clone())
		*to = append(*to, slot)
		return err
	}
	p := byGroups(module, o, func(g int, sum *tensor.Tensor) error {
		slots := sums[g]
		err := keep(&slots, sum)
		sums[g] = slots
		return err
	})
	err := r.forward(ctx, r.dense, p, StageLoad, func(_ int, h *tensor.Tensor) error { return keep(&out, h) })
	return out, err
}

// pass takes a batch of hidden states through a decoder layer without recording gradients, in the memory of
// t, or with t nil in fresh memory, and returns what comes out of it.
type pass func(t *autograd.Tape, h *tensor.Tensor, seqLen int) (*tensor.Tensor, error)

// forward makes a pass with each of the batches of in, one after the other, and hands what comes out to done,
// which may be nil. All batches share the memory of one: what is shown to done and to observers is theirs
// until they return. Without a stage it reports no progress.
func (r *run) forward(ctx context.Context, in []*scratch.Slot, p pass, s Stage, done func(b int, h *tensor.Tensor) error) error {
	tape := autograd.NewTape().Recycle()
	for b, slot := range in {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := slot.Load()
		if err != nil {
			return err
		}
		y, err := p(tape, h, r.seqLens[b])
		if done != nil {
			if err := done(b, y); err != nil { // an observer's error says more than the output does
				return err
			}
		}
		if err != nil {
			return err
		}
		tape.Reset()
		if s != "" {
			r.event(Event{Stage: s, Fraction: float64(b+1) / float64(len(in))})
		}
	}
	return nil
}

// finiteStates reports the first hidden state that is not finite.
func finiteStates(what string, h *tensor.Tensor) error {
	return finiteValues(what+": hidden state", h)
}

// finiteValues reports the first element of h [tokens, width] that is not finite.
func finiteValues(what string, h *tensor.Tensor) error {
	if i, ok := h.Finite(); !ok {
		return fmt.Errorf("%s %d at token %d of a batch is %v, want a finite value", what, i%h.Dim(1), i/h.Dim(1), h.Data()[i])
	}
	return nil
}

// applied is the pass through the whole of a decoder layer, shown to o, which may be nil. An output that is
// not finite is returned together with an error that says where such values came up.
func applied(m models.DecoderLayer, o nn.Observer) pass {
	return func(t *autograd.Tape, h *tensor.Tensor, seqLen int) (*tensor.Tensor, error) {
		return checked(m, m.Forward(&nn.Context{SeqLen: seqLen, Observer: o, Calibration: o != nil}, t.Const(h)).Value, h, seqLen)
	}
}

// checked returns the output y of a decoder layer for h, with an error if it is not finite.
func checked(m models.DecoderLayer, y, h *tensor.Tensor, seqLen int) (*tensor.Tensor, error) {
	if err := finiteStates("layer "+m.Name(), y); err != nil {
		return y, cmp.Or(culprit(m, h, seqLen), err)
	}
	return y, nil
}

// byGroups is the pass through the whole of a decoder layer that shows done the sums behind its groups with a
// residual target, except for the last group.
func byGroups(m models.DecoderLayer, o nn.Observer, done func(g int, sum *tensor.Tensor) error) pass {
	groups := m.Groups()
	return func(t *autograd.Tape, h *tensor.Tensor, seqLen int) (*tensor.Tensor, error) {
		c, s := &nn.Context{SeqLen: seqLen, Observer: o}, nn.Signals{t.Const(h)}
		for i := range groups {
			g := &groups[i]
			y := g.Outputs(c, s, g.Input(c, s))
			if g.Target == nn.Residual && i < len(groups)-1 {
				if err := done(i, y[0].Value); err != nil {
					return h, err
				}
			}
			s = g.Finish(c, s, y)
		}
		return checked(m, s[0].Value, h, seqLen)
	}
}

// observed is the pass that shows o the inputs of all linear maps of a decoder layer, and of its last maps
// nothing else: their outputs, a quarter or a third of the work, are not computed.
func observed(m models.DecoderLayer, o nn.Observer) pass {
	groups := m.Groups()
	last := &groups[len(groups)-1]
	return func(t *autograd.Tape, h *tensor.Tensor, seqLen int) (*tensor.Tensor, error) {
		c, s := &nn.Context{SeqLen: seqLen, Observer: o, Calibration: true}, nn.Signals{t.Const(h)}
		for i := range groups[:len(groups)-1] {
			s = groups[i].Forward(c, s)
		}
		x := last.Input(c, s).Value
		for _, lin := range last.Linears {
			o.Observe(lin, x, nil)
		}
		return nil, nil
	}
}

// culprit runs a batch whose output is not finite once more and names the first linear layer that such
// a value enters or leaves; nil if there is none.
func culprit(m models.DecoderLayer, h *tensor.Tensor, seqLen int) (err error) {
	m.Forward(&nn.Context{SeqLen: seqLen, Observer: nn.ObserverFunc(func(lin *nn.Linear, x, y *tensor.Tensor) {
		if err == nil {
			err = cmp.Or(finiteValues("layer "+lin.Name()+": activation of input", x), finiteValues("layer "+lin.Name()+": output", y))
		}
	})}, autograd.Const(h))
	return err
}

// distance returns ‖a − b‖² / ‖b‖² over all batches.
func distance(a, b []*scratch.Slot) (Number, error) {
	var num, den float64
	for i := range a {
		x, err := a[i].Load()
		if err != nil {
			return 0, err
		}
		y, err := b[i].Load()
		if err != nil {
			return 0, err
		}
		num += tensor.SumSquares(tensor.Sub(x, y))
		den += tensor.SumSquares(y)
	}
	return Number(relative(num, den)), nil
}
