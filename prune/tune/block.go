package tune

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// Block tunes the weights of one decoder layer so that it maps in to target. Both are batches of
// windows [windows · seqLens[b], hidden]: the hidden states of the pruned prefix, and what the dense
// network has behind this layer. They may be in a file; those of one step at a time are loaded. masks
// names the linear layers whose weights may move, all of them in the decoder layer; what a mask prunes
// must be zero. Weights change in place and are not rounded.
//
// With fewer than 8 windows nothing happens. A loss or gradient that is not finite ends tuning with a
// warning and the weights of the start. The end of ctx does so too, with its error. Options, weights and
// masks that do not fit are errors; batches of wrong shapes panic with a *tensor.ShapeError.
func Block(ctx context.Context, layer models.DecoderLayer, masks map[*nn.Linear]*sparsity.Mask, in, target []*scratch.Slot, seqLens []int, o Options) (Result, error) {
	d, err := newBlock(layer, masks, in, target, seqLens, o)
	if err != nil {
		return Result{}, err
	}
	defer d.weights.only(layer.Walk)()
	return d.run(ctx)
}

func newBlock(layer models.DecoderLayer, masks map[*nn.Linear]*sparsity.Mask, in, target []*scratch.Slot, seqLens []int, o Options) (*descent, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	b := &block{layer: layer, tape: autograd.NewTape().Recycle()}
	b.divide(in, target, seqLens)
	weights, err := collect(layer.Linears(), masks)
	if err != nil {
		return nil, err
	}
	variance, err := spread(target)
	if err != nil {
		return nil, err
	}
	b.scale = 1 / variance
	b.descent = &descent{name: layer.Name(), weights: weights, loss: b.loss, options: o.withDefaults()}
	for _, w := range b.windows {
		b.descent.tokens = append(b.descent.tokens, w.tokens)
	}
	return b.descent, nil
}

// block is a decoder layer and what it should do.
type block struct {
	layer   models.DecoderLayer
	tape    *autograd.Tape
	descent *descent
	windows []window
	width   int
	scale   float64 // 1/var(target)
}

// window is one window's place in the hidden states: the rows from begin on of a batch [tokens, hidden].
type window struct {
	in, target    *scratch.Slot
	begin, tokens int
}

// divide finds the windows in the batches.
func (b *block) divide(in, target []*scratch.Slot, seqLens []int) {
	if len(in) != len(target) || len(in) != len(seqLens) {
		panic(&tensor.ShapeError{Op: "tune.Block", Got: []int{len(in), len(target), len(seqLens)}, Msg: "numbers of batches, targets and window lengths differ"})
	}
	for i, h := range in {
		if shape := h.Shape(); b.width == 0 && len(shape) == 2 {
			b.width = shape[1]
		}
		checkShape(fmt.Sprintf("tune.Block, batch %d", i), h, h.Dim(0), b.width)
		checkShape(fmt.Sprintf("tune.Block, target %d", i), target[i], h.Shape()...)
		n := seqLens[i]
		if n < 1 || h.Dim(0)%n != 0 {
			panic(&tensor.ShapeError{Op: fmt.Sprintf("tune.Block, batch %d", i), Got: h.Shape(), Want: []int{n, b.width}, Msg: "rows must be whole windows"})
		}
		for lo := 0; lo < h.Dim(0); lo += n {
			b.windows = append(b.windows, window{h, target[i], lo, n})
		}
	}
}

func checkShape(op string, s *scratch.Slot, want ...int) {
	if !slices.Equal(s.Shape(), want) {
		panic(&tensor.ShapeError{Op: op, Got: s.Shape(), Want: want})
	}
}

// spread is the variance of all elements of the targets, 1 if they are all the same: any unit will do
// then.
func spread(slots []*scratch.Slot) (float64, error) {
	n, sum := 0, 0.0
	for _, s := range slots {
		t, err := s.Load()
		if err != nil {
			return 0, err
		}
		n += t.Len()
		sum += tensor.Sum(t)
	}
	mean, squares := sum/float64(max(n, 1)), 0.0
	for _, s := range slots {
		t, err := s.Load()
		if err != nil {
			return 0, err
		}
		for _, v := range t.Data() {
			squares += (float64(v) - mean) * (float64(v) - mean)
		}
	}
	if squares == 0 {
		return 1, nil
	}
	return squares / float64(n), nil
}

func (b *block) loss(windows []int, gradient bool) (float64, error) {
	groups, tokens := b.descent.byLength(windows)
	sum := 0.0
	for _, group := range groups {
		in, target, err := b.gather(group)
		if err != nil {
			return 0, err
		}
		c := &nn.Context{SeqLen: b.windows[group[0]].tokens}
		if gradient {
			c.Tape = b.tape
		}
		y := b.layer.Forward(c, b.tape.Const(in))
		diff := tensor.Sub(y.Value, target)
		sum += tensor.SumSquares(diff) * b.scale / float64(b.width)
		if gradient {
			tensor.ScaleInto(diff, diff, float32(2*b.scale/float64(tokens*b.width)))
			b.tape.BackwardFrom(y, diff)
		}
		b.tape.Reset()
	}
	return sum, nil
}

// gather puts windows of equal length one after the other.
func (b *block) gather(group []int) (in, target *tensor.Tensor, err error) {
	n := b.windows[group[0]].tokens
	in, target = tensor.New(len(group)*n, b.width), tensor.New(len(group)*n, b.width)
	for i, k := range group {
		w := b.windows[k]
		for _, part := range []struct {
			from *scratch.Slot
			to   *tensor.Tensor
		}{{w.in, in}, {w.target, target}} {
			rows, err := part.from.Rows(w.begin, w.begin+n)
			if err != nil {
				return nil, nil, err
			}
			part.to.Rows(i*n, (i+1)*n).CopyFrom(rows)
		}
	}
	return in, target, nil
}
