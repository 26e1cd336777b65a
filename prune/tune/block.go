package tune

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// Block tunes the weights of one decoder layer so that it maps in to target. Both are batches of
// windows [windows · seqLens[b], hidden]: the hidden states of the pruned prefix, and what the dense
// network has behind this layer. masks names the linear layers whose weights may move, all of them in
// the decoder layer; what a mask prunes must be zero. Weights change in place and are not rounded.
//
// With fewer than 8 windows nothing happens. A loss or gradient that is not finite, or a loss that has
// grown tenfold, ends tuning with a warning and the weights of the start. So does the end of ctx, with
// its error. Errors also come from options, weights and masks that do not fit; batches of wrong shapes
// panic with a *tensor.ShapeError.
func Block(ctx context.Context, layer models.DecoderLayer, masks map[*nn.Linear]*prune.Mask, in, target []*tensor.Tensor, seqLens []int, o Options) (Result, error) {
	d, err := newBlock(layer, masks, in, target, seqLens, o)
	if err != nil {
		return Result{}, err
	}
	defer d.weights.only(layer.Walk)()
	return d.run(ctx)
}

func newBlock(layer models.DecoderLayer, masks map[*nn.Linear]*prune.Mask, in, target []*tensor.Tensor, seqLens []int, o Options) (*descent, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	b := &block{layer: layer, tape: autograd.NewTape().Recycle()}
	b.divide(in, target, seqLens)
	weights, err := collect(layer.Linears(), masks)
	if err != nil {
		return nil, err
	}
	b.scale = 1 / spread(target)
	b.descent = &descent{name: layer.Name(), weights: weights, loss: b.loss, options: o.withDefaults(b.width)}
	for _, w := range b.windows {
		b.descent.tokens = append(b.descent.tokens, w.in.Dim(0))
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

// window is one window's part of the hidden states [tokens, hidden].
type window struct{ in, target *tensor.Tensor }

// divide cuts batches into windows, which are views.
func (b *block) divide(in, target []*tensor.Tensor, seqLens []int) {
	if len(in) != len(target) || len(in) != len(seqLens) {
		panic(&tensor.ShapeError{Op: "tune.Block", Got: []int{len(in), len(target), len(seqLens)}, Msg: "numbers of batches, targets and window lengths differ"})
	}
	for i, h := range in {
		if b.width == 0 && h.Rank() == 2 {
			b.width = h.Dim(1)
		}
		tensor.CheckShape(fmt.Sprintf("tune.Block, batch %d", i), h, tensor.AnyDim, b.width)
		tensor.CheckShape(fmt.Sprintf("tune.Block, target %d", i), target[i], h.Shape()...)
		n := seqLens[i]
		if n < 1 || h.Dim(0)%n != 0 {
			panic(&tensor.ShapeError{Op: fmt.Sprintf("tune.Block, batch %d", i), Got: h.Shape(), Want: []int{n, b.width}, Msg: "rows must be whole windows"})
		}
		for lo := 0; lo < h.Dim(0); lo += n {
			b.windows = append(b.windows, window{h.Rows(lo, lo+n), target[i].Rows(lo, lo+n)})
		}
	}
}

// spread is the variance of all elements of the targets, 1 if they are all the same: any unit will do
// then.
func spread(ts []*tensor.Tensor) float64 {
	n, sum := 0, 0.0
	for _, t := range ts {
		n += t.Len()
		sum += tensor.Sum(t)
	}
	mean, squares := sum/float64(max(n, 1)), 0.0
	for _, t := range ts {
		for _, v := range t.Data() {
			squares += (float64(v) - mean) * (float64(v) - mean)
		}
	}
	if squares == 0 {
		return 1
	}
	return squares / float64(n)
}

func (b *block) loss(windows []int, gradient bool) float64 {
	groups, tokens := b.descent.byLength(windows)
	sum := 0.0
	for _, group := range groups {
		in, target := b.gather(group)
		c := &nn.Context{SeqLen: b.windows[group[0]].in.Dim(0)}
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
	return sum
}

// gather puts windows of equal length one after the other.
func (b *block) gather(group []int) (in, target *tensor.Tensor) {
	n := b.windows[group[0]].in.Dim(0)
	in, target = tensor.New(len(group)*n, b.width), tensor.New(len(group)*n, b.width)
	for i, w := range group {
		in.Rows(i*n, (i+1)*n).CopyFrom(b.windows[w].in)
		target.Rows(i*n, (i+1)*n).CopyFrom(b.windows[w].target)
	}
	return in, target
}
