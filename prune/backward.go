package prune

import (
	"cmp"
	"context"
	"fmt"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

// tapeBytes bounds the inputs and outputs of a decoder layer's linear maps in one pass with a tape,
// which holds about half as much again.
const tapeBytes = 64 << 20

// Tests change these.
var (
	// keptBytes bounds what waits for the backward pass. Where the hidden states of a single batch need
	// more, they get more.
	keptBytes = 256 << 20
	// headLogits bounds the logits that exist at one time, in numbers.
	headLogits = 1 << 22
)

// Gradient is what [Dense.Backward] finds for one linear layer on one pass over some windows.
type Gradient struct {
	Layer  int            // decoder layer
	Linear *nn.Linear     // with its weights loaded
	X      *tensor.Tensor // inputs [tokens, in]; q, k and v share one tensor, and so do gate and up
	DY     *tensor.Tensor // gradient of the loss with respect to the outputs [tokens, out]
}

// Sweep says what [Dense.Backward] shows. The zero value is every selected matrix, in batches.
type Sweep struct {
	PerWindow bool   // one calibration window at a time
	Layers    [2]int // decoder layers Layers[0] <= i < Layers[1] only; the zero value is all
}

// Backward differentiates the dense model's next-token loss, the cross-entropy in nats summed over the
// positions of the calibration windows, with respect to the outputs of the selected matrices, and
// shows visit the gradients: for each batch of windows, in order, those of the decoder layers from the
// last to the first. The tensors are visit's to read only while it runs.
//
// Memory is bounded by one decoder layer, whatever the model and the calibration set: a forward pass
// over a group of batches keeps nothing but the input of each layer, and the backward pass records one
// layer for one batch at a time, from that input. Layers are loaded one at a time, twice for each group.
// A model so small that it fits into a fixed amount of memory together with the records of all its layers is
// loaded once, and saves itself the second computation.
func (d *Dense) Backward(ctx context.Context, o Sweep, visit func(Gradient) error) error {
	perBatch := d.run.plan.Windows // without a budget never fewer than the bounds here allow
	if o.PerWindow {
		perBatch = 1
	}
	if o.Layers == [2]int{} {
		o.Layers[1] = len(d.Selected)
	}
	s := &sweep{run: d.run, windows: d.windows, selected: make([][]*nn.Linear, len(d.Selected)), visit: visit, lowest: -1,
		tapes: make([]*autograd.Tape, len(d.run.model.Layers())), head: autograd.NewTape().Recycle()}
	one := autograd.NewTape().Recycle()
	for i := range s.tapes {
		s.tapes[i] = one // one record at a time
	}
	for i := o.Layers[0]; i < o.Layers[1]; i++ {
		s.selected[i] = d.Selected[i]
		if s.lowest < 0 && len(d.Selected[i]) > 0 {
			s.lowest = i
		}
	}
	if s.lowest < 0 {
		return nil
	}
	d.run.before = prepareShare
	bytes := tapeBytes
	if n := s.recordBytes(); n > 0 {
		s.keep, bytes = true, n
		for i := range s.tapes {
			s.tapes[i] = autograd.NewTape().Recycle()
		}
	}
	batches, err := batchWithin(bytes, d.run.model, d.windows, perBatch)
	if err != nil {
		return err
	}
	s.steps = 3 * len(d.Selected) * len(batches)
	if s.keep {
		release, err := d.run.load(d.run.model.Walk)
		if err != nil {
			return err
		}
		defer release()
	}
	perToken := 4 * d.run.model.Config().HiddenSize * (len(d.Selected) - s.lowest + 1)
	for lo := 0; lo < len(batches); {
		hi := lo + 1
		for bytes := perToken * tokensOf(batches[lo]); hi < len(batches) && !s.keep; hi++ {
			if bytes += perToken * tokensOf(batches[hi]); bytes > keptBytes {
				break
			}
		}
		if err := s.group(ctx, batches[lo:hi]); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// recordBytes returns how many bytes the inputs and outputs of one decoder layer's linear maps may take
// when the records of all layers are kept until the backward pass, 0 if not even one window leaves
// room for them.
func (s *sweep) recordBytes() int {
	longest, weights := 0, 4*int(nn.Count(s.run.model.Walk))
	for _, w := range s.windows {
		longest = max(longest, len(w))
	}
	bytes := (keptBytes - weights) / (len(s.run.model.Layers()) - s.lowest) * 2 / 3
	if bytes < longest*tokenBytes(s.run.model) {
		return 0
	}
	return bytes
}

func tokensOf(batch [][]int) int { return len(batch) * len(batch[0]) }

// sweep is the state of one call of Backward.
type sweep struct {
	run      *run
	selected [][]*nn.Linear
	lowest   int // decoder layer where the backward pass ends
	visit    func(Gradient) error
	windows  [][]int
	keep     bool             // all is loaded, and records are made on the way forward, instead of a second time
	tapes    []*autograd.Tape // of the layers' records, with keep one for each
	head     *autograd.Tape
	logits   *tensor.Tensor // gradient of the loss with respect to them

	steps, done int // for progress; a layer's backward pass counts twice
}

// states are those of some batches on their way through the model and back.
type states struct {
	batches [][][]int
	lens    []int              // of the windows of each batch
	h       []*tensor.Tensor   // hidden states of each batch, or gradients on the way back
	inputs  [][]*tensor.Tensor // of each layer, one per batch
	records [][]*record        // instead, where they are kept
}

// group takes some batches forward through the whole model and back again.
func (s *sweep) group(ctx context.Context, batches [][][]int) error {
	layers := len(s.run.model.Layers())
	x := &states{batches: batches, inputs: make([][]*tensor.Tensor, layers), records: make([][]*record, layers)}
	if err := s.enter(ctx, x); err != nil {
		return err
	}
	for i := range layers {
		if err := s.forward(ctx, x, i); err != nil {
			return err
		}
	}
	if err := s.turn(ctx, x); err != nil {
		return err
	}
	for i := layers - 1; i >= s.lowest; i-- {
		if err := s.backward(ctx, x, i); err != nil {
			return err
		}
	}
	return nil
}

// enter embeds the batches.
func (s *sweep) enter(ctx context.Context, x *states) error {
	return s.loaded(s.run.model.EmbedWalk, func() error {
		embedded, lens, err := s.run.embed(ctx, x.batches, scratch.Memory())
		if err != nil {
			return err
		}
		x.lens, x.h = lens, make([]*tensor.Tensor, len(embedded))
		for b, slot := range embedded {
			if x.h[b], err = slot.Load(); err != nil {
				return err
			}
			slot.Free()
		}
		return nil
	})
}

// forward takes the batches through decoder layer i.
func (s *sweep) forward(ctx context.Context, x *states, i int) error {
	module := s.run.model.Layers()[i]
	x.inputs[i], x.records[i] = make([]*tensor.Tensor, len(x.h)), make([]*record, len(x.h))
	err := s.loaded(module.Walk, func() error {
		for b, in := range x.h {
			if err := ctx.Err(); err != nil {
				return err
			}
			if i >= s.lowest && s.keep {
				x.records[i][b] = s.record(i, in, x.lens[b])
				x.h[b] = x.records[i][b].out.Value
			} else {
				x.inputs[i][b] = in
				s.tapes[i].Reset()
				x.h[b] = module.Forward(&nn.Context{SeqLen: x.lens[b]}, s.tapes[i].Const(in)).Value.Clone()
			}
			if err := finiteStates("layer "+module.Name(), x.h[b]); err != nil {
				return cmp.Or(culprit(module, in, x.lens[b]), err)
			}
			s.step(1)
		}
		return nil
	})
	if i < s.lowest {
		x.inputs[i] = nil // no way back to it
	}
	return err
}

// turn makes gradients of the hidden states that come out of the last layer.
func (s *sweep) turn(ctx context.Context, x *states) error {
	return s.loaded(s.run.model.HeadWalk, func() error {
		for b := range x.h {
			if err := ctx.Err(); err != nil {
				return err
			}
			x.h[b] = s.headGradient(x.h[b], x.batches[b])
		}
		if !s.keep { // more batches than one: let others have the memory
			s.head, s.logits = autograd.NewTape().Recycle(), nil
		}
		return nil
	})
}

// backward takes the gradients back through decoder layer i.
func (s *sweep) backward(ctx context.Context, x *states, i int) error {
	return s.loaded(s.run.model.Layers()[i].Walk, func() (err error) {
		for b := range x.h {
			if err := ctx.Err(); err != nil {
				return err
			}
			r := x.records[i][b]
			if r == nil {
				r = s.record(i, x.inputs[i][b], x.lens[b])
			}
			if x.h[b], err = s.back(r, x.h[b]); err != nil {
				return err
			}
			x.records[i][b], x.inputs[i][b] = nil, nil
			s.step(2)
		}
		return nil
	})
}

// record is a decoder layer's forward pass over a batch, with the way back.
type record struct {
	layer   int
	tape    *autograd.Tape
	in, out *autograd.Var
	linears []recordedLinear // the selected ones, in the order of execution
}

type recordedLinear struct {
	lin  *nn.Linear
	x, y *autograd.Var
}

// record applies decoder layer i to x. The record of the same tape before it is gone then.
func (s *sweep) record(i int, x *tensor.Tensor, seqLen int) *record {
	wanted := map[*nn.Linear]bool{}
	for _, lin := range s.selected[i] {
		wanted[lin] = true
	}
	r := &record{layer: i, tape: s.tapes[i]}
	r.tape.Reset()
	r.in = r.tape.Leaf(x)
	r.out = s.run.model.Layers()[i].Forward(&nn.Context{Tape: r.tape, SeqLen: seqLen, VarObserver: func(lin *nn.Linear, x, y *autograd.Var) {
		if wanted[lin] {
			r.linears = append(r.linears, recordedLinear{lin, x, y.RetainGrad()})
		}
	}}, r.in)
	return r
}

// back returns the gradient of the loss with respect to the layer's input, given that of its output,
// and shows the gradients in between.
func (s *sweep) back(r *record, dy *tensor.Tensor) (*tensor.Tensor, error) {
	r.tape.BackwardFrom(r.out, dy)
	if _, ok := r.in.Grad.Finite(); !ok {
		return nil, fmt.Errorf("layer %s: the gradient of the loss overflows", s.run.model.Layers()[r.layer].Name())
	}
	for _, l := range r.linears {
		if err := s.visit(Gradient{Layer: r.layer, Linear: l.lin, X: l.x.Value, DY: l.y.Grad}); err != nil {
			return nil, err
		}
	}
	return r.in.Grad, nil
}

// loaded runs body with the parameters of walk loaded.
func (s *sweep) loaded(walk func(func(*nn.Param)), body func() error) error {
	if s.keep {
		return body()
	}
	release, err := s.run.load(walk)
	if err != nil {
		return err
	}
	defer release()
	return body()
}

func (s *sweep) step(n int) {
	s.done += n
	s.run.event(Event{Stage: StagePrepare, Fraction: min(1, float64(s.done)/float64(s.steps))})
}

// headGradient returns the gradient of the cross-entropy, summed over the next tokens of the windows,
// with respect to the last hidden states h [windows · L, hidden]: softmax(logits) minus one at the
// next token, taken back through the head. The last position of a window predicts nothing and gets
// zeros. The head works on rows independently, so it is given as many at a time as memory allows.
func (s *sweep) headGradient(h *tensor.Tensor, windows [][]int) *tensor.Tensor {
	m, dh := s.run.model, tensor.New(h.Shape()...)
	targets := nn.NextTokens(windows)
	step := max(1, headLogits/max(1, m.Config().VocabSize))
	for lo := 0; lo < h.Dim(0); lo += step {
		hi := min(lo+step, h.Dim(0))
		rows := s.head.Param(h.Rows(lo, hi), dh.Rows(lo, hi))
		logits := m.Head(&nn.Context{Tape: s.head, SeqLen: hi - lo}, rows)
		if s.logits == nil || !tensor.SameShape(s.logits, logits.Value) {
			s.logits = tensor.New(logits.Value.Shape()...)
		}
		d := s.logits
		parallel.For(hi-lo, max(1, 1<<14/d.Dim(1)), func(from, to int) {
			for i := from; i < to; i++ {
				row := d.Row(i)
				if t := targets[lo+i]; t >= 0 {
					asm.SoftmaxRow(row, logits.Value.Row(i))
					row[t]--
				} else {
					clear(row)
				}
			}
		})
		s.head.BackwardFrom(logits, d)
		s.head.Reset()
	}
	return dh
}
