package adagp

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// moments are the sums that a least-squares problem needs, over some of the calibration tokens: of the
// inputs x of a group in the pruned network, and of what its linear maps are to put out there.
type moments struct {
	gram  *linalg.Matrix   // xᵀx [in, in]
	cross []*linalg.Matrix // yᵀx [out, in] of each map; nil for maps that are to keep their own outputs
	power []float64        // ‖y‖² of each map

	// For dense outputs y = x_d·Wᵀ all maps share the product with the dense network's inputs:
	// yᵀx = W·(x_dᵀx).
	inputs *linalg.Matrix // x_dᵀx [in, in]
}

func newMoments(g *nn.Group, target nn.Target) *moments {
	in := g.Linears[0].In()
	s := &moments{gram: linalg.New(in, in), cross: make([]*linalg.Matrix, len(g.Linears)), power: make([]float64, len(g.Linears))}
	switch target {
	case nn.DenseOutputs:
		s.inputs = linalg.New(in, in)
	case nn.Residual:
		s.cross[0] = linalg.New(g.Linears[0].Out(), in)
	}
	return s
}

// finish brings the sums into the form that [moments.loss] reads; weights gives the dense ones of a map.
func (s *moments) finish(g *nn.Group, weights func(*nn.Linear) *linalg.Matrix) {
	if s.inputs != nil {
		for i, l := range g.Linears {
			s.cross[i] = linalg.Mul(weights(l), s.inputs)
		}
		s.inputs = nil
	}
}

// observedBytes is what the sums of a group take whose pruned maps have so many outputs: while tokens are summed, in
// [moments.finish], and behind it.
func observedBytes(g *nn.Group, outputs int, needs local.Needs, heldOut bool) (summing, finishing, finished int64) {
	in := g.Linears[0].In()
	square, cross := prune.Float64s(in, in), prune.Float64s(outputs, in)
	switch g.Target {
	case nn.DenseOutputs:
		summing, finishing, finished = 2*square, 2*square+cross, square+cross
	case nn.Residual:
		summing, finishing, finished = square+cross, square+cross, square+cross
	default:
		summing, finishing, finished = square, square, square
	}
	if heldOut { // apart from what is fitted to
		summing, finishing, finished = 2*summing, 2*finishing, 2*finished
	}
	more := int64(0) // of the local solver's own
	for _, k := range needs.More {
		more += k.New(in).Bytes()
	}
	return summing + more, finishing + more, finished + more
}

// add adds the sums of t, in place.
func (s *moments) add(t *moments) {
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

// loss returns ‖y − x·Wᵀ‖² / ‖y‖² of weights w [out, in] for map i, whose dense weights are given: equation (2) of
// docs/maths/adagp-plus.md.
func (s *moments) loss(i int, w, dense *linalg.Matrix) float64 {
	if s.cross[i] != nil {
		return relative(max(0, refit.Loss(w, s.gram, s.cross[i], s.power[i])), s.power[i])
	}
	if s.power[i] == 0 {
		s.power[i] = linalg.QuadForm(dense, s.gram)
	}
	return relative(linalg.QuadForm(linalg.Sub(dense, w), s.gram), s.power[i])
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
	group     *nn.Group
	number    int          // among the groups
	target    nn.Target    // that of the group, or OwnOutputs where there is nothing to correct
	fit, held *moments     // tokens to fit to, tokens to judge by; the same when none are held out
	stats     *calib.Stats // what else the local solver asks for, over all tokens
}

// observe sends all batches of both streams as far as group g and sums what the solvers of its maps
// need.
func (e *groups) observe(ctx context.Context, g int) (*observed, error) {
	group, needs, batches := &e.list[g], e.o.Solver.Needs(), len(e.pruned.input)
	target := group.Target
	if !e.changed && e.in.Dense[0] == e.in.Pruned[0] {
		target = nn.OwnOutputs // the streams are still the same
	}
	o := &observed{group: group, number: g, target: target, fit: newMoments(group, target)}
	o.stats = calib.NewStats(group.Linears[0].In(), local.Needs{WindowMoments: needs.WindowMoments, More: needs.More})
	o.held = o.fit
	if e.o.HeldOut > 0 {
		o.held = newMoments(group, target)
	}
	e.pruned.tape, e.dense.tape = autograd.NewTape().Recycle(), autograd.NewTape().Recycle()
	defer func() { e.pruned.tape, e.dense.tape = nil, nil }()
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := o.fit
		if b >= batches-e.o.HeldOut {
			s = o.held
		}
		if err := e.observeBatch(o, s, b); err != nil {
			return nil, err
		}
		e.progress(float64(g) + 0.5*float64(b+1)/float64(batches))
	}
	o.fit.finish(group, e.weights)
	o.held.finish(group, e.weights) // once more where it is the same, which does nothing
	return o, nil
}

// observeBatch adds batch b to s.
func (e *groups) observeBatch(o *observed, s *moments, b int) error {
	g, first := o.number, o.group.Linears[0]
	at, err := e.pruned.reach(b, g)
	if err != nil {
		return err
	}
	x := e.pruned.inputs(b, at)
	if err := o.stats.Add(calib.Batch{X: x, WindowLen: e.pruned.seqLens[b]}); err != nil {
		return fmt.Errorf("layer %s: %w", first.Name(), err)
	}
	linalg.AddGram(s.gram, x)
	switch o.target {
	case nn.DenseOutputs:
		at, err := e.dense.reach(b, g)
		if err != nil {
			return err
		}
		xd := e.dense.inputs(b, at)
		if err := finite(first, "dense activation of input", xd); err != nil {
			return err
		}
		linalg.AddCross(s.inputs, xd, x)
		for i, l := range o.group.Linears {
			if s == o.held { // nothing else looks at it
				s.power[i] += tensor.SumSquares(tensor.MatMulNT(xd, e.original[l]))
			}
		}
	case nn.Residual:
		y, err := e.residual(b, g, at.signals[0].Value)
		if err != nil {
			return err
		}
		if first.Bias != nil {
			y = tensor.AddBias(y, tensor.Scale(first.Bias.Value(), -1))
		}
		linalg.AddCross(s.cross[0], y, x)
		s.power[0] += tensor.SumSquares(y)
	}
	return nil
}

// residual returns what a map's output [tokens, out] is to add to skip: the sum in the dense network less skip.
func (e *groups) residual(b, g int, skip *tensor.Tensor) (*tensor.Tensor, error) {
	group := &e.list[g]
	if known := e.sums(g); known != nil {
		sum, err := known[b].Load()
		if err != nil {
			return nil, err
		}
		return group.Branch(sum, skip), nil
	}
	at, err := e.dense.reach(b, g)
	if err != nil {
		return nil, err
	}
	sums := e.dense.outputs(b, at)
	y := group.Branch(sums[0].Value, skip)
	if err := finite(group.Linears[0], "dense sum", sums[0].Value); err != nil {
		return nil, err
	}
	if g+1 < e.lastDense { // the next group goes on from here
		at.group, at.signals = g+1, group.Finish(e.dense.context(b), at.signals, sums)
		err = e.dense.keep(b, at)
	}
	return y, err
}

// chainData gives inputs and residual targets of a chain that begins with one group and ends with the
// map of another, which adds to the stream that passes by; nil when it is not like that.
func (e *groups) chainData(c *nn.Chain) (*tokens, error) {
	groupOf := func(l *nn.Linear) func(nn.Group) bool {
		return func(g nn.Group) bool { return slices.Contains(g.Linears, l) }
	}
	first, last := -1, -1
	for _, l := range slices.Backward(c.Links) { // the foremost ones count
		g := slices.IndexFunc(e.list, groupOf(l.Linear))
		if l.In == nn.Input {
			first = g
		}
		if l.Out == nn.Output {
			last = g
		}
	}
	if first < 0 || last < first || e.list[last].Target != nn.Residual {
		return nil, nil
	}
	if ok, err := e.pruned.passes(first, last); err != nil || !ok {
		return nil, err
	}
	data := &tokens{heldOut: e.o.HeldOut, at: func(b int) (x, y *tensor.Tensor, err error) {
		at, err := e.pruned.reach(b, first)
		if err != nil {
			return nil, nil, err
		}
		if y, err = e.residual(b, last, at.signals[0].Value); err != nil {
			return nil, nil, err
		}
		return e.pruned.inputs(b, at), y, nil
	}}
	for _, slot := range e.pruned.input {
		data.rows = append(data.rows, slot.Dim(0))
	}
	return data, nil
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
