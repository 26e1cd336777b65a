package adagp

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// sides are the sums that a least-squares problem needs, over some of the calibration tokens: of the
// inputs x of a group in the pruned network, and of what its linear maps are to put out there.
type sides struct {
	gram  *linalg.Matrix   // xᵀx [in, in]
	cross []*linalg.Matrix // yᵀx [out, in] of each map; nil for maps that are to keep their own outputs
	power []float64        // ‖y‖² of each map

	// For dense outputs y = x_d·Wᵀ all maps share the product with the dense network's inputs:
	// yᵀx = W·(x_dᵀx).
	inputs *linalg.Matrix // x_dᵀx [in, in]
}

func newSides(g *nn.Group, target nn.Target) *sides {
	in := g.Linears[0].In()
	s := &sides{gram: linalg.New(in, in), cross: make([]*linalg.Matrix, len(g.Linears)), power: make([]float64, len(g.Linears))}
	switch target {
	case nn.DenseOutputs:
		s.inputs = linalg.New(in, in)
	case nn.Residual:
		s.cross[0] = linalg.New(g.Linears[0].Out(), in)
	}
	return s
}

// finish brings the sums into the form that [sides.loss] reads; weights are the dense ones.
func (s *sides) finish(weights []*linalg.Matrix) {
	for i, w := range weights {
		if s.inputs != nil {
			s.cross[i] = linalg.Mul(w, s.inputs)
		}
	}
	s.inputs = nil
}

// add adds the sums of t, in place.
func (s *sides) add(t *sides) {
	sum := func(a, b *linalg.Matrix) {
		for k, v := range b.Data {
			a.Data[k] += v
		}
	}
	sum(s.gram, t.gram)
	for i, c := range t.cross {
		if c != nil {
			sum(s.cross[i], c)
		}
		s.power[i] += t.power[i]
	}
}

// loss returns ‖y − x·Wᵀ‖² / ‖y‖² of weights w for map i, whose dense weights are given.
func (s *sides) loss(i int, w, dense *linalg.Matrix) float64 {
	if s.cross[i] == nil {
		return relative(linalg.QuadForm(linalg.Sub(dense, w), s.gram), s.ownPower(i, dense))
	}
	return relative(max(0, refit.Loss(w, s.gram, s.cross[i], s.power[i])), s.power[i])
}

// ownPower is ‖x·Wᵀ‖², computed once.
func (s *sides) ownPower(i int, dense *linalg.Matrix) float64 {
	if s.power[i] == 0 {
		s.power[i] = linalg.QuadForm(dense, s.gram)
	}
	return s.power[i]
}

// relative is num/den, with nothing relative to nothing 0.
func relative(num, den float64) float64 {
	if num == 0 {
		return 0
	}
	return num / den
}

// observed is everything that calibration says about a group.
type observed struct {
	fit, held *sides // tokens to fit to, tokens to judge by; the same when none are held out
	moments   *calib.WindowMoments
	tokens    int
}

// observe sends all batches of both streams as far as group g and sums what the solvers of its maps
// need. target is that of the group, or OwnOutputs where there is nothing to correct.
func (e *groups) observe(ctx context.Context, g int, target nn.Target, windowMoments bool) (*observed, error) {
	group := &e.list[g]
	o := &observed{fit: newSides(group, target)}
	o.held = o.fit
	if e.o.HeldOut > 0 {
		o.held = newSides(group, target)
	}
	if windowMoments {
		o.moments = calib.NewWindowMoments(group.Linears[0].In())
	}
	e.pruned.tape, e.dense.tape = autograd.NewTape().Recycle(), autograd.NewTape().Recycle()
	defer func() { e.pruned.tape, e.dense.tape = nil, nil }()
	for b := range e.pruned.input {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := o.fit
		if b >= len(e.pruned.input)-e.o.HeldOut {
			s = o.held
		}
		if err := e.observeBatch(o, s, b, g, target); err != nil {
			return nil, err
		}
		e.progress(float64(g) + 0.5*float64(b+1)/float64(len(e.pruned.input)))
	}
	dense := e.weights(group)
	o.fit.finish(dense)
	if o.held != o.fit {
		o.held.finish(dense)
	}
	return o, nil
}

func (e *groups) observeBatch(o *observed, s *sides, b, g int, target nn.Target) error {
	group := &e.list[g]
	at, err := e.pruned.reach(b, g)
	if err != nil {
		return err
	}
	x := group.Input(e.pruned.context(b), at.signals).Value
	if err := finite(group.Linears[0], "activation of input", x); err != nil {
		return err
	}
	linalg.AddGram(s.gram, x)
	o.tokens += x.Dim(0)
	if o.moments != nil {
		if err := o.moments.Add(calib.Batch{X: x, WindowLen: e.pruned.seqLens[b]}); err != nil {
			return fmt.Errorf("layer %s: %w", group.Linears[0].Name(), err)
		}
	}
	switch target {
	case nn.DenseOutputs:
		return e.observeDense(o, s, b, g, x)
	case nn.Residual:
		y, err := e.residual(b, g, at.signals[0].Value)
		if err != nil {
			return err
		}
		if bias := group.Linears[0].Bias; bias != nil {
			y = tensor.AddBias(y, tensor.Scale(bias.Value(), -1))
		}
		linalg.AddCross(s.cross[0], y, x)
		s.power[0] += tensor.SumSquares(y)
	}
	return nil
}

// observeDense sums the products of x with the same inputs in the dense network, and the power of the
// dense outputs where the sums serve as a judge.
func (e *groups) observeDense(o *observed, s *sides, b, g int, x *tensor.Tensor) error {
	return e.dense.with(func() error {
		group := &e.list[g]
		at, err := e.dense.reach(b, g)
		if err != nil {
			return err
		}
		xd := group.Input(e.dense.context(b), at.signals).Value
		if err := finite(group.Linears[0], "dense activation of input", xd); err != nil {
			return err
		}
		linalg.AddCross(s.inputs, xd, x)
		if s == o.held {
			for i, l := range group.Linears {
				s.power[i] += tensor.SumSquares(tensor.MatMulNT(xd, l.Weight.Value()))
			}
		}
		return nil
	})
}

// residual returns what a map's output is to add to skip: the sum in the dense network less skip.
func (e *groups) residual(b, g int, skip *tensor.Tensor) (y *tensor.Tensor, err error) {
	if sums := e.sums(g); sums != nil {
		sum, err := sums[b].Load()
		if err != nil {
			return nil, err
		}
		return e.list[g].Branch(sum, skip), nil
	}
	err = e.dense.with(func() error {
		group, c := &e.list[g], e.dense.context(b)
		at, err := e.dense.reach(b, g)
		if err != nil {
			return err
		}
		sums := group.Outputs(c, at.signals, group.Input(c, at.signals))
		y = group.Branch(sums[0].Value, skip)
		if err := finite(group.Linears[0], "dense sum", sums[0].Value); err != nil {
			return err
		}
		if g+1 < e.lastDense {
			at.group, at.signals = g+1, group.Finish(c, at.signals, sums)
			return e.dense.keep(b, at)
		}
		return nil
	})
	return y, err
}

// sums returns the sums behind group g in the dense network, nil if they are not known: the output of the whole
// may be one.
func (e *groups) sums(g int) []*scratch.Slot {
	if g == len(e.list)-1 && e.list[g].Leave == nil && e.in.DenseSums[g] == nil {
		return e.in.DenseOut
	}
	return e.in.DenseSums[g]
}

// finite names the linear map at which an activation is not finite.
func finite(l *nn.Linear, what string, x *tensor.Tensor) error {
	if i, ok := x.Finite(); !ok {
		return fmt.Errorf("layer %s: %s %d at token %d of a batch is %v, want a finite value",
			l.Name(), what, i%x.Dim(-1), i/x.Dim(-1), x.Data()[i])
	}
	return nil
}
