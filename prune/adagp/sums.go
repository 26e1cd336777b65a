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
// never changes, and those with the outputs only if a refit follows.
func (e *engine) clearSums(first, refit bool) {
	e.summed = e.summed[:0]
	for _, v := range e.vars {
		i := slices.IndexFunc(v.links, func(l *link) bool { return !l.frozen })
		if i < 0 || v == e.x && !first {
			continue
		}
		// In the first pass every variable has its dense value, whose sum a caller may know.
		if l := v.links[i]; first && !e.exact && e.o.Hessian != nil {
			if v.gram = e.o.Hessian(l.Linear); v.gram != nil {
				continue
			}
		}
		v.gram = linalg.New(e.width(v), e.width(v))
		e.summed = append(e.summed, v)
	}
	for _, l := range e.links {
		l.cross = nil
		if refit && !l.frozen {
			l.cross = linalg.New(l.w.Rows, l.w.Cols)
		}
	}
}

// addSums adds the chunk at hand.
func (e *engine) addSums() {
	for _, v := range e.summed {
		e.addProduct(v.gram, v.at, v.at)
	}
	for _, l := range e.links {
		if l.cross == nil {
			continue
		}
		target := l.out.at
		if b := l.Linear.Bias; b != nil {
			target = tensor.AddBias(target, tensor.Scale(b.Value, -1))
		}
		e.addProduct(l.cross, target, l.in.at)
	}
}

// addProduct adds yᵀ·x to m. Without a ridge the products are taken in float64: the pseudo-inverse
// then amplifies what rounding in float32 leaves in the smallest eigenvalues.
func (e *engine) addProduct(m *linalg.Matrix, y, x *tensor.Tensor) {
	switch {
	case e.exact:
		linalg.MulTNInto(m, 1, linalg.FromTensor(y), linalg.FromTensor(x), 1)
	case y == x:
		linalg.AddGram(m, x)
	default:
		linalg.AddCross(m, y, x)
	}
}
