package adagp

import (
	"slices"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// The weight updates never see tokens: all they need is, for every link, the products inᵀ·in (shared by
// the links that read the same variable) and (out − b)ᵀ·in, summed over the tokens. Sums make the
// number of tokens irrelevant for memory.

// clearSums begins the sums of a pass: those of the chain's input in the first pass only, because it
// never changes, and those with the outputs only if a refit follows. Notes want all that concern weights or
// signals which may change.
func (e *engine) clearSums(first, refit bool) {
	e.summed = e.summed[:0]
	notes := e.o.Note != nil
	all := notes && e.o.Epochs > 1
	for _, v := range e.vars {
		i := slices.IndexFunc(v.links, func(l *link) bool { return all || !l.frozen })
		if i < 0 || v == e.x && !first {
			continue
		}
		// In the first pass every variable has its dense value, whose sum a caller may know; that of the input
		// serves refits as well.
		if l := v.links[i]; first && !(v == e.x && e.exactFor(v)) && e.o.Hessian != nil {
			if v.gram = e.o.Hessian(l.Linear); v.gram != nil {
				continue
			}
		}
		v.gram = linalg.New(e.width(v), e.width(v))
		e.summed = append(e.summed, v)
	}
	for _, l := range e.links {
		l.cross, l.power = nil, 0
		if refit && (notes || !l.frozen) || notes && first && l.outs[0] == e.y && !e.o.ownOutput {
			l.cross = linalg.New(l.w.Rows, l.w.Cols)
		}
	}
	e.watched = notes && (refit || first && !e.o.ownOutput)
	for _, j := range e.joins {
		e.losses[j] = 0
	}
}

// addSums adds the chunk at hand.
func (e *engine) addSums() {
	for _, v := range e.summed {
		e.addProduct(v.gram, v.at, v.at, e.exactFor(v))
	}
	for _, l := range e.links {
		if l.cross == nil {
			continue
		}
		target := l.aim()
		e.addProduct(l.cross, target, l.in.at, e.exact && l.steps == 0)
		if e.o.Note != nil {
			l.power += tensor.SumSquares(target)
		}
	}
	if !e.watched {
		return
	}
	for _, j := range e.joins {
		r := prediction(j)
		tensor.SubInto(r, j.out.at, r)
		e.losses[j] += tensor.SumSquares(r)
	}
}

// exactFor reports whether products with v are to be exact: without a ridge, the pseudo-inverse of a
// regression amplifies what rounding in float32 leaves in the smallest eigenvalues.
func (e *engine) exactFor(v *variable) bool {
	return e.exact && slices.ContainsFunc(v.links, func(l *link) bool { return !l.frozen && l.steps == 0 })
}

// addProduct adds yᵀ·x to m, with exact in float64 throughout.
func (e *engine) addProduct(m *linalg.Matrix, y, x *tensor.Tensor, exact bool) {
	switch {
	case exact:
		linalg.MulTNInto(m, 1, linalg.FromTensor(y), linalg.FromTensor(x), 1)
	case y == x:
		linalg.AddGram(m, x)
	default:
		linalg.AddCross(m, y, x)
	}
}
