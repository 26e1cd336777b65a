package adagp

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Weight updates never see tokens. All they need are sums that the pass before them takes: for every link the products
// inᵀ·in, shared by links with the same input, and (out − b)ᵀ·in. So the number of tokens does not matter for their
// memory.

// sumForPruning makes the next pass take what the first pruning of some links needs. Every variable has its dense
// value then, so the caller may know the statistics of an input; those of the chain's input serve refits as
// well. Notes of later rounds are about frozen links too.
func (e *engine) sumForPruning(links []*link) {
	notes := e.o.Note != nil
	e.sumLosses(notes && !e.tokens.ownOutput)
	for _, l := range e.links {
		e.sumCross(l, e.summingLosses && l.outs[0] == e.y)
	}
	for _, in := range e.inputs {
		in.summing = false
		i := slices.IndexFunc(in.links, func(l *link) bool { return slices.Contains(links, l) || notes && e.o.Epochs > 1 })
		if i < 0 {
			continue
		}
		if e.o.Stats != nil && !(in.v == e.x && e.exactFor(in)) {
			if s := e.o.Stats(in.links[i].Linear); s != nil && s.Hessian != nil {
				in.gram, in.more = s.Hessian, s
				continue
			}
		}
		e.sumGram(in)
	}
}

// sumForRefit makes the next pass take what a refit of some links needs. The chain's input never changes, and
// its Gram matrix is summed once.
func (e *engine) sumForRefit(links []*link) {
	e.sumLosses(e.o.Note != nil)
	for _, l := range e.links {
		e.sumCross(l, e.summingLosses || slices.Contains(links, l))
	}
	for _, in := range e.inputs {
		in.summing = false
		if slices.ContainsFunc(in.links, func(l *link) bool { return l.cross != nil }) && (in.v != e.x || in.gram == nil) {
			e.sumGram(in)
		}
	}
}

func (e *engine) sumGram(in *input) {
	width := in.links[0].dense.Cols
	in.gram, in.more, in.summing = linalg.New(width, width), nil, true
	if e.o.Solver != nil && len(e.o.Solver.Needs().More) > 0 {
		in.more = calib.NewStats(width, local.Needs{More: e.o.Solver.Needs().More})
	}
}

func (e *engine) sumLosses(wanted bool) {
	e.summingLosses = wanted
	for _, j := range e.joins {
		j.loss = 0
	}
}

func (e *engine) sumCross(l *link, wanted bool) {
	if l.cross, l.power = nil, 0; wanted {
		l.cross = linalg.New(l.dense.Rows, l.dense.Cols)
	}
}

// summing reports whether the next pass takes any sums.
func (e *engine) summing() bool {
	return slices.ContainsFunc(e.inputs, func(in *input) bool { return in.summing }) ||
		slices.ContainsFunc(e.links, func(l *link) bool { return l.cross != nil })
}

// addSums adds the chunk at hand.
func (e *engine) addSums() error {
	for _, in := range e.inputs {
		if !in.summing {
			continue
		}
		x := in.rows()
		addProduct(in.gram, x, x, e.exactFor(in))
		if in.more != nil {
			if err := in.more.Add(calib.Batch{X: x}); err != nil {
				return fmt.Errorf("input %s: %w", in.v.name, err)
			}
		}
	}
	for _, l := range e.links {
		if l.cross == nil {
			continue
		}
		target := l.target()
		addProduct(l.cross, target, l.in.rows(), e.exact && l.steps == 0)
		if e.o.Note != nil {
			l.power += tensor.SumSquares(target)
		}
	}
	for _, j := range e.joins {
		if e.summingLosses {
			j.loss += j.residual()
		}
	}
	return nil
}

// exactFor reports whether products with an input are to be exact: without a ridge, the pseudo-inverse of a
// regression amplifies what rounding in float32 leaves in the smallest eigenvalues.
func (e *engine) exactFor(in *input) bool {
	return e.exact && slices.ContainsFunc(in.links, func(l *link) bool { return !l.frozen && l.steps == 0 })
}

// addProduct adds yᵀ·x to m, with exact in float64 throughout.
func addProduct(m *linalg.Matrix, y, x *tensor.Tensor, exact bool) {
	switch {
	case exact:
		linalg.MulTNInto(m, 1, linalg.FromTensor(y), linalg.FromTensor(x), 1)
	case y == x:
		linalg.AddGram(m, x)
	default:
		linalg.AddCross(m, y, x)
	}
}
