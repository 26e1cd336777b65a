package prune

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

const (
	// tapeBytes bounds the inputs and outputs of a decoder layer's linear maps in one pass with a
	// tape, which holds about three times that.
	tapeBytes = 64 << 20
	// keptBytes bounds the hidden states that wait for the backward pass, one per decoder layer.
	// Where a single batch needs more, it gets more.
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
func (d *Dense) Backward(ctx context.Context, o Sweep, visit func(Gradient) error) error {
	perBatch := d.run.options.Batch
	if o.PerWindow {
		perBatch = 1
	}
	if o.Layers == [2]int{} {
		o.Layers[1] = len(d.Selected)
	}
	batches, err := batchWithin(tapeBytes, d.run.model, d.windows, perBatch)
	if err != nil {
		return err
	}
	s := &sweep{run: d.run, selected: make([][]*nn.Linear, len(d.Selected)), visit: visit, lowest: -1}
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
	s.steps = 3 * len(d.Selected) * len(batches)
	perToken := 4 * d.run.model.Config().HiddenSize * (len(d.Selected) - s.lowest + 1)
	for lo := 0; lo < len(batches); {
		hi, bytes := lo, 0
		for hi < len(batches) && (hi == lo || bytes+perToken*tokensOf(batches[hi]) <= keptBytes) {
			bytes += perToken * tokensOf(batches[hi])
			hi++
		}
		if err := s.group(ctx, batches[lo:hi]); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

func tokensOf(batch [][]int) int { return len(batch) * len(batch[0]) }

// sweep is the state of one call of Backward.
type sweep struct {
	run      *run
	selected [][]*nn.Linear
	lowest   int // decoder layer where the backward pass ends
	visit    func(Gradient) error

	steps, done int // for progress; a layer's backward pass counts twice
}

// group takes some batches forward through the whole model and back again.
func (s *sweep) group(ctx context.Context, batches [][][]int) error {
	h, lens, err := s.run.embedded(ctx, batches)
	if err != nil {
		return err
	}
	layers := s.run.model.Layers()
	inputs := make([][]*tensor.Tensor, len(layers)) // of each layer, one per batch
	for i, module := range layers {
		if i >= s.lowest {
			inputs[i] = append([]*tensor.Tensor(nil), h...)
		}
		err := s.loaded(module.Walk, func() error {
			for b := range h {
				if err := ctx.Err(); err != nil {
					return err
				}
				if h[b], err = forwardOne(module, h[b], lens[b], nil); err != nil {
					return err
				}
				s.step(1)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err = s.loaded(s.run.model.HeadWalk, func() error {
		for b := range h {
			if err := ctx.Err(); err != nil {
				return err
			}
			h[b] = headGradient(s.run.model, h[b], batches[b])
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := len(layers) - 1; i >= s.lowest; i-- {
		err := s.loaded(layers[i].Walk, func() error {
			for b := range h {
				if err := ctx.Err(); err != nil {
					return err
				}
				dh, err := s.layer(i, inputs[i][b], h[b], lens[b])
				if err != nil {
					return err
				}
				h[b], inputs[i][b] = dh, nil
				s.step(2)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// layer returns the gradient of the loss with respect to the input x of decoder layer i, given that of
// its output, and shows the gradients in between.
func (s *sweep) layer(i int, x, dy *tensor.Tensor, seqLen int) (*tensor.Tensor, error) {
	wanted := map[*nn.Linear]bool{}
	for _, lin := range s.selected[i] {
		wanted[lin] = true
	}
	type seen struct {
		lin  *nn.Linear
		x, y *autograd.Var
	}
	var linears []seen
	tape := autograd.NewTape()
	in := tape.Leaf(x)
	module := s.run.model.Layers()[i]
	out := module.Forward(&nn.Context{Tape: tape, SeqLen: seqLen, VarObserver: func(lin *nn.Linear, x, y *autograd.Var) {
		if wanted[lin] {
			linears = append(linears, seen{lin, x, y.RetainGrad()})
		}
	}}, in)
	tape.BackwardFrom(out, dy)
	if _, ok := in.Grad.Finite(); !ok {
		return nil, fmt.Errorf("layer %s: the gradient of the loss overflows", module.Name())
	}
	for _, l := range linears {
		if err := finiteValues("layer "+l.lin.Name()+": gradient of output", l.y.Grad); err != nil {
			return nil, err
		}
		if err := s.visit(Gradient{Layer: i, Linear: l.lin, X: l.x.Value, DY: l.y.Grad}); err != nil {
			return nil, err
		}
	}
	return in.Grad, nil
}

// loaded runs body with the parameters of walk loaded.
func (s *sweep) loaded(walk func(func(*nn.Param)), body func() error) error {
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
func headGradient(m models.CausalLM, h *tensor.Tensor, windows [][]int) *tensor.Tensor {
	dh := tensor.New(h.Shape()...)
	targets := nn.NextTokens(windows)
	step := max(1, headLogits/max(1, m.Config().VocabSize))
	for lo := 0; lo < h.Dim(0); lo += step {
		hi := min(lo+step, h.Dim(0))
		tape := autograd.NewTape()
		rows := tape.Leaf(h.Rows(lo, hi))
		logits := m.Head(&nn.Context{Tape: tape, SeqLen: hi - lo}, rows)
		d := tensor.New(logits.Value.Shape()...)
		parallel.For(hi-lo, max(1, 1<<14/d.Dim(1)), func(from, to int) {
			for i := from; i < to; i++ {
				if t := targets[lo+i]; t >= 0 {
					row := d.Row(i)
					asm.SoftmaxRow(row, logits.Value.Row(i))
					row[t]--
				}
			}
		})
		tape.BackwardFrom(logits, d)
		dh.Rows(lo, hi).CopyFrom(rows.Grad)
	}
	return dh
}
