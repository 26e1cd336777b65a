package tune

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
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

// BlockMemory is what [Block] takes, in bytes, beside the layer and the batches, with so many windows in a step.
func BlockMemory(s prune.LayerShape, batchWindows int) prune.StagePlan {
	return prune.NewStage("tuning of a layer", weightsMemory(s, 1, batchWindows)...).With(
		prune.Part{What: "records of a window", Bytes: 3 * s.Window * s.PerToken})
}

// block is a decoder layer and what it should do.
type block struct {
	layer   models.DecoderLayer
	tape    *autograd.Tape
	windows []window
	width   int
	scale   float64 // 1/var(target)
}

// window is one window's place in the hidden states: the rows from begin on of a batch [tokens, hidden].
type window struct {
	in, target    *scratch.Slot
	begin, tokens int
}

func newBlock(layer models.DecoderLayer, masks map[*nn.Linear]*sparsity.Mask, in, target []*scratch.Slot, seqLens []int, o Options) (*descent, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	b := &block{layer: layer, tape: autograd.NewTape().Recycle()}
	b.divide(in, target, seqLens)
	d := &descent{name: layer.Name(), loss: b.loss, options: o}
	if d.weights, err = collect(layer.Linears(), masks); err != nil {
		return nil, err
	}
	variance, err := spread(target)
	if err != nil {
		return nil, err
	}
	b.scale = 1 / variance
	for _, w := range b.windows {
		d.tokens = append(d.tokens, w.tokens)
	}
	return d, nil
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
		n, op := seqLens[i], fmt.Sprintf("tune.Block, batch %d", i)
		for _, s := range []*scratch.Slot{h, target[i]} {
			if want := []int{h.Dim(0), b.width}; !slices.Equal(s.Shape(), want) {
				panic(&tensor.ShapeError{Op: op, Got: s.Shape(), Want: want})
			}
		}
		if n < 1 || h.Dim(0)%n != 0 {
			panic(&tensor.ShapeError{Op: op, Got: h.Shape(), Want: []int{n, b.width}, Msg: "rows must be whole windows"})
		}
		for lo := 0; lo < h.Dim(0); lo += n {
			b.windows = append(b.windows, window{h, target[i], lo, n})
		}
	}
}

// spread is the variance of all elements of the targets, 1 if they are all the same: any unit will do
// then.
func spread(slots []*scratch.Slot) (float64, error) {
	n, sum, squares := 0, 0.0, 0.0
	for _, s := range slots {
		t, err := s.Load()
		if err != nil {
			return 0, err
		}
		n += t.Len()
		sum += tensor.Sum(t)
	}
	mean := sum / float64(max(n, 1))
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

// loss implements descent.loss: Σⱼ (y[j]−t[j])² / (d·var(t)) of each token.
func (b *block) loss(windows []int, tokens int, gradient bool) (float64, error) {
	n := b.windows[windows[0]].tokens
	in, target := tensor.New(len(windows)*n, b.width), tensor.New(len(windows)*n, b.width)
	for i, k := range windows {
		w := b.windows[k]
		for _, copied := range []struct {
			from *scratch.Slot
			to   *tensor.Tensor
		}{{w.in, in}, {w.target, target}} {
			rows, err := copied.from.Rows(w.begin, w.begin+n)
			if err != nil {
				return 0, err
			}
			copied.to.Rows(i*n, (i+1)*n).CopyFrom(rows)
		}
	}
	c := &nn.Context{SeqLen: n}
	if gradient {
		c.Tape = b.tape
	}
	defer b.tape.Reset()
	y := b.layer.Forward(c, b.tape.Const(in))
	diff := tensor.Sub(y.Value, target)
	sum := tensor.SumSquares(diff) * b.scale / float64(b.width)
	if gradient {
		tensor.ScaleInto(diff, diff, float32(2*b.scale/float64(tokens*b.width)))
		b.tape.BackwardFrom(y, diff)
	}
	return sum, nil
}
