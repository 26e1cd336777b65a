package decoder

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

// norm is a norm of any kind.
type norm interface {
	nn.Walker
	Forward(c *nn.Context, x *autograd.Var) *autograd.Var
}

// newNorm returns the norm of the hidden size with parameters below path.
func (s *Spec) newNorm(path string) norm { return s.Norm.of(path, s.HiddenSize) }

// of returns a norm of the given width.
func (n Norm) of(path string, width int) norm {
	if n.Kind == RMSNorm {
		r := nn.NewRMSNorm(path, width, n.Eps)
		r.PlusOne = n.PlusOne
		return r
	}
	l := nn.NewLayerNorm(path, width, n.Eps, !n.NoWeights)
	if n.NoBias {
		l.Bias = nil
	}
	return l
}

// newQKNorm returns the norm of queries or keys of that many heads, nil if there is none.
func (s *Spec) newQKNorm(path string, heads int) norm {
	each := headNorm{width: s.HeadDim}
	switch s.Attention.QKNorm {
	case QKNormPerHead:
		each.norm = s.Norm.of(path, s.HeadDim)
		return each
	case QKNormFullWidth:
		return s.Norm.of(path, heads*s.HeadDim)
	case QKNormEachHead:
		each.weights = []*nn.Param{nn.NewParam(path+".weight", heads, s.HeadDim)}
	case QKNormHeadList:
		for i := range heads {
			each.weights = append(each.weights, nn.NewParam(fmt.Sprintf("%s.norms.%d.weight", path, i), s.HeadDim))
		}
	default:
		return nil
	}
	plain := s.Norm
	plain.NoWeights = true
	each.norm = plain.of(path, s.HeadDim)
	return each
}

// headNorm normalises each head by itself: by one norm for all of them, which has no weights where every head
// has its own.
type headNorm struct {
	norm    norm
	width   int
	weights []*nn.Param // [heads, width], or [width] for each head; nil: the norm has them
}

// Forward maps x [tokens, heads·width] to the same shape.
func (h headNorm) Forward(c *nn.Context, x *autograd.Var) *autograd.Var {
	n, all := x.Value.Dim(0), x.Value.Dim(1)
	y := autograd.Reshape(h.norm.Forward(c, autograd.Reshape(x, n*all/h.width, h.width)), n, all)
	if h.weights == nil {
		return y
	}
	parts := make([]*autograd.Var, len(h.weights))
	for i, p := range h.weights {
		parts[i] = autograd.Reshape(p.On(c), 1, p.Len())
	}
	w := parts[0]
	if len(parts) > 1 {
		w = autograd.ConcatCols(parts...)
	}
	return autograd.ScaleCols(y, autograd.Reshape(w, all))
}

// Walk visits the weights.
func (h headNorm) Walk(visit func(*nn.Param)) {
	h.norm.Walk(visit)
	for _, p := range h.weights {
		visit(p)
	}
}
