package adagp

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// sums says what a pass adds up over tokens. Weight updates never see tokens: all they need is, for every link,
// the products inᵀ·in, shared by links with the same input, and (out − b)ᵀ·in. So the number of tokens does not
// matter for their memory.
type sums struct {
	inputs []*input // Gram matrices
	links  []*link  // products with outputs
	joins  bool     // losses of joins, for notes
}

func (s *sums) wanted() bool { return len(s.inputs) > 0 || len(s.links) > 0 }

// clearSums makes the next pass add up nothing.
func (e *engine) clearSums() {
	e.sums = sums{}
	for _, l := range e.links {
		l.cross, l.power = nil, 0
	}
	for _, j := range e.joins {
		e.losses[j] = 0
	}
}

// sumFirst makes the next pass take what the first pruning of some links needs. Every variable has its dense
// value then, so the caller may know the Gram matrix of an input; that of the chain's input serves refits as
// well. Notes of later rounds are about frozen links too.
func (e *engine) sumFirst(links []*link) {
	e.clearSums()
	notes := e.o.Note != nil
	for _, in := range e.inputs {
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
	if notes && !e.tokens.ownOutput {
		e.sums.joins = true
		for _, l := range e.links {
			if l.outs[0] == e.y {
				e.sumCross(l)
			}
		}
	}
}

// sumForRefit makes the next pass take what a refit of some links needs. The chain's input never changes, and
// its Gram matrix is summed once.
func (e *engine) sumForRefit(links []*link) {
	e.clearSums()
	notes := e.o.Note != nil
	e.sums.joins = notes
	for _, l := range e.links {
		if notes || slices.Contains(links, l) {
			e.sumCross(l)
		}
	}
	for _, in := range e.inputs {
		if slices.ContainsFunc(e.sums.links, func(l *link) bool { return l.in == in }) && (in.v != e.x || in.gram == nil) {
			e.sumGram(in)
		}
	}
}

func (e *engine) sumGram(in *input) {
	width := in.links[0].dense.Cols
	in.gram, in.more = linalg.New(width, width), nil
	if e.o.Solver != nil && len(e.o.Solver.Needs().More) > 0 {
		in.more = calib.NewStats(width, local.Needs{More: e.o.Solver.Needs().More})
	}
	e.sums.inputs = append(e.sums.inputs, in)
}

func (e *engine) sumCross(l *link) {
	l.cross = linalg.New(l.dense.Rows, l.dense.Cols)
	e.sums.links = append(e.sums.links, l)
}

// addSums adds the chunk at hand.
func (e *engine) addSums() error {
	for _, in := range e.sums.inputs {
		x := in.rows()
		addProduct(in.gram, x, x, e.exactFor(in))
		if in.more != nil {
			if err := in.more.Add(calib.Batch{X: x}); err != nil {
				return fmt.Errorf("input %s: %w", in.v.name, err)
			}
		}
	}
	for _, l := range e.sums.links {
		target := l.aim()
		addProduct(l.cross, target, l.in.rows(), e.exact && l.steps == 0)
		if e.o.Note != nil {
			l.power += tensor.SumSquares(target)
		}
	}
	if e.sums.joins {
		for _, j := range e.joins {
			r := prediction(j)
			tensor.SubInto(r, j.out.at, r)
			e.losses[j] += tensor.SumSquares(r)
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
