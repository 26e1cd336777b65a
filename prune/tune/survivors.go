package tune

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// survivors are the kept weights of one matrix, side by side, row by row:
//
//	weight = start + unit·move
//
// The optimiser sees move only, so that its state and its work shrink with the sparsity.
//
// Where few weights are left, the network's parameter holds these alone while it is tuned, in a form that
// passes multiply by.
type survivors struct {
	weight   *nn.Param      // of the network [out, in]; its Grad gets the gradient
	matrix   *tensor.Tensor // its values [out, in], where tuned weights end
	start    *tensor.Tensor // [kept]
	move     *nn.Param      // [kept], 0 at first
	unit     float32        // see [unit]
	mask     *sparsity.Mask
	first    []int     // index in start and move of each row's first kept weight [out]
	products *products // what weight holds meanwhile; nil: matrix
}

// weightsMemory is what tuning holds of the pruned matrices of so many decoder layers, in bytes: what [newSurvivors],
// [newProducts] and the optimiser take of each.
func weightsMemory(s prune.LayerShape, layers, batchWindows int) []prune.Part {
	var weights, edges, widest int64 // of one layer
	for _, g := range s.Groups {
		for _, l := range g.Linears {
			widest = max(widest, int64(l.In()), int64(l.Out()))
			if s.Prunes(l) {
				weights += int64(l.In()) * int64(l.Out())
				edges += int64(l.In() + l.Out())
			}
		}
	}
	weights, edges = weights*int64(layers), edges*int64(layers)
	return []prune.Part{
		{What: "gradients", Bytes: 4 * weights},
		// Half a number more for what memory that comes in pieces leaves unused. And for each weight, kept or not,
		// two bits of masks, and half a bit that says where its word begins.
		{What: "survivors and moments", Bytes: int64((floatsPerSurvivor+0.5)*4*s.Kept*float64(weights)) + 5*weights/16},
		{What: "where rows and columns begin", Bytes: 16 * edges},
		{What: "inputs of a product", Bytes: 4 * int64(batchWindows) * s.Window * widest},
	}
}

// floatsPerSurvivor is how many numbers there are for each kept weight: its value at the start, how far it has moved,
// its gradient, Adam's two moments, and what products multiply by, row by row and column by column.
const floatsPerSurvivor = 7

// newSurvivors packs the weights of a linear layer. It is an error if they are not loaded, the mask is
// of another shape, or a weight that it prunes is not zero.
// panels is memory that products of several matrices share, nil where there are none.
func newSurvivors(lin *nn.Linear, mask *sparsity.Mask, panels *asm.Panels) (*survivors, error) {
	p := lin.Weight
	switch {
	case !p.Loaded():
		return nil, fmt.Errorf("tuning %s: the weights are not loaded", lin.Name())
	case mask == nil:
		return nil, fmt.Errorf("tuning %s: no mask", lin.Name())
	}
	w := p.Dense()
	if w.Rank() != 2 || mask.Rows != w.Dim(0) || mask.Cols != w.Dim(1) {
		return nil, fmt.Errorf("tuning %s: mask of shape [%d %d], weights %v", lin.Name(), mask.Rows, mask.Cols, w.Shape())
	}
	s := &survivors{weight: p, matrix: w, mask: mask, first: make([]int, mask.Rows)}
	count := 0
	for i := range mask.Rows {
		s.first[i] = count
		count += mask.Cols - mask.RowZeros(i)
		row := mask.RowBits(i)
		for j, v := range w.Row(i) {
			if v != 0 && row.Kept(j, 1) == 0 {
				return nil, fmt.Errorf("tuning %s: weight [%d %d] is %g, and the mask prunes it", lin.Name(), i, j, v)
			}
		}
	}
	s.start, s.move = tensor.New(count), nn.NewParam(p.Name, count)
	s.move.Set(tensor.New(count))
	s.move.ZeroGrad()
	s.pack(s.start, w, false)
	s.unit = unit(s.start, mask.Rows, mask.Cols)
	var err error
	if s.products, err = newProducts(mask, panels); err != nil {
		return nil, fmt.Errorf("tuning %s: %w", lin.Name(), err)
	}
	s.moveTo(0)
	return s, nil
}

// unit is what the rate is measured in, in terms of a matrix [out, in] of which kept are left,
//
//	rms(kept) · share of zeros / √(kept per output)
//
// with which a step changes an output by about the same share for all widths; see docs/maths/tuning.md, "Steps".
func unit(kept *tensor.Tensor, out, in int) float32 {
	n, size := float64(kept.Len()), float64(out*in)
	if n == 0 {
		return 0
	}
	return float32(math.Sqrt(tensor.SumSquares(kept)/n) * (1 - n/size) / math.Sqrt(n/float64(out)))
}

// kept are the columns of a row of a mask whose weights are kept.
func kept(row sparsity.Bits) iter.Seq[int] {
	return func(yield func(int) bool) {
		for k, word := range row {
			for ; word != 0; word &= word - 1 {
				if !yield(k<<6 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// rows calls body with every row's words of the mask and the index of its first kept weight, in parallel.
func (s *survivors) rows(body func(i, first int, row sparsity.Bits)) {
	parallel.For(s.mask.Rows, max(1, 1<<15/max(1, s.mask.Cols)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			body(i, s.first[i], s.mask.RowBits(i))
		}
	})
}

// pack copies the kept elements of a matrix [out, in] to dst [kept], and with empty clears the matrix.
func (s *survivors) pack(dst, matrix *tensor.Tensor, empty bool) {
	s.rows(func(i, at int, row sparsity.Bits) {
		to, from := dst.Data()[at:], matrix.Row(i)
		for k, word := range row { // not by kept, which takes three times as long: this is done in every step
			part := from[k<<6 : min(k<<6+64, len(from))]
			n := bits.OnesCount64(word)
			for j := range to[:n] {
				to[j] = part[bits.TrailingZeros64(word)]
				word &= word - 1
			}
			to = to[n:]
		}
		if empty {
			clear(from)
		}
	})
}

// moveTo makes passes work with start + t·unit·move.
func (s *survivors) moveTo(t float32) {
	if s.products == nil {
		s.settle(t)
		return
	}
	s.products.set(s.start.Data(), s.move.Value().Data(), t*s.unit)
}

// settle puts start + t·unit·move into the matrix.
func (s *survivors) settle(t float32) {
	t *= s.unit
	start, move := s.start.Data(), s.move.Value().Data()
	s.rows(func(i, at int, row sparsity.Bits) {
		to := s.matrix.Row(i)
		for j := range kept(row) {
			to[j] = along(start[at], t, move[at])
			at++
		}
	})
}

// along returns start + t·move, and the very start for t = 0: where a step has overflowed, 0·move is not 0.
func along(start, t, move float32) float32 {
	if t == 0 {
		return start
	}
	return start + t*move
}

// survivorSet are the survivors of everything that is tuned, in a fixed order.
type survivorSet []*survivors

// collect packs the linear layers that have a mask; others stay as they are. A mask of a layer that is
// not among them is an error.
func collect(linears []*nn.Linear, masks map[*nn.Linear]*sparsity.Mask) (survivorSet, error) {
	for lin := range masks {
		switch {
		case lin == nil:
			return nil, errors.New("tuning: a mask of no layer")
		case !slices.Contains(linears, lin):
			return nil, fmt.Errorf("tuning: there is a mask of %s, which is not part of what is tuned", lin.Name())
		}
	}
	var a survivorSet
	var panels *asm.Panels
	if asm.PanelWidth() > 0 {
		panels = asm.NewPanels(0, 0)
	}
	for _, lin := range linears {
		mask, ok := masks[lin]
		if !ok {
			continue
		}
		s, err := newSurvivors(lin, mask, panels)
		if err != nil {
			return nil, err
		}
		a = append(a, s)
	}
	return a, nil
}

// params are what the optimiser steps.
func (a survivorSet) params() []*nn.Param {
	ps := make([]*nn.Param, len(a))
	for i, s := range a {
		ps[i] = s.move
	}
	return ps
}

// packGrad hands the network's gradients to the optimiser, and clears them for the next batch. They lack the
// factor unit, which Adam does not notice.
func (a survivorSet) packGrad() {
	for _, s := range a {
		s.pack(s.move.Grad, s.weight.Grad, true)
	}
}

// moveTo makes passes work with the weights that are the share t of the way from the start to where the
// optimiser has come.
func (a survivorSet) moveTo(t float64) {
	for _, s := range a {
		s.moveTo(float32(t))
	}
}

// settle makes these the weights that the network has when tuning ends.
func (a survivorSet) settle(t float64) {
	for _, s := range a {
		s.settle(float32(t))
	}
}

// only makes the survivors the only parameters of a network that take a gradient, and where few are left the
// only weights that it holds. It returns what undoes both.
func (a survivorSet) only(walk func(visit func(*nn.Param))) (undo func()) {
	params := nn.Params(walk)
	grads := make([]*tensor.Tensor, len(params))
	for i, p := range params {
		grads[i], p.Grad = p.Grad, nil
	}
	for _, s := range a {
		s.weight.ZeroGrad()
		if s.products != nil {
			s.weight.Hold(s.products)
		}
	}
	return func() {
		for _, s := range a {
			s.weight.Set(s.matrix)
		}
		for i, p := range params {
			p.Grad = grads[i]
		}
	}
}
