package nn

import (
	"github.com/adagp/adagp/autograd"
)

// Linear is the affine map y = x·Wᵀ + b, the layer that pruning is about.
type Linear struct {
	Weight *Param // [out, in]
	Bias   *Param // [out], or nil
	path   string
}

// NewLinear returns a linear layer with parameters path.weight [out, in] and, if asked for,
// path.bias [out].
func NewLinear(path string, in, out int, bias bool) *Linear {
	l := &Linear{Weight: NewParam(path+".weight", out, in), path: path}
	if bias {
		l.Bias = NewParam(path+".bias", out)
	}
	return l
}

// NewTiedLinear returns a linear layer without bias that shares the weight [out, in] of another
// layer, as a language model's head does with the embedding.
func NewTiedLinear(path string, weight *Param) *Linear {
	return &Linear{Weight: weight, path: path}
}

// Name returns the path of the layer, such as "model.layers.0.self_attn.q_proj".
func (l *Linear) Name() string { return l.path }

// In returns the input width.
func (l *Linear) In() int { return l.Weight.Shape[1] }

// Out returns the output width.
func (l *Linear) Out() int { return l.Weight.Shape[0] }

// Forward maps x [tokens, in] to [tokens, out] and shows both to the context's observers.
func (l *Linear) Forward(c *Context, x *autograd.Var) *autograd.Var {
	y := l.apply(c, x)
	if c.Observer != nil {
		c.Observer.Observe(l, x.Value, y.Value)
	}
	if c.VarObserver != nil {
		c.VarObserver(l, x, y)
	}
	return y
}

func (l *Linear) apply(c *Context, x *autograd.Var) *autograd.Var {
	var b *autograd.Var
	if l.Bias != nil {
		b = l.Bias.On(c)
	}
	return l.Weight.Linear(c, x, b)
}

// Walk visits the weight and the bias.
func (l *Linear) Walk(visit func(*Param)) { walkAll(visit, l.Weight, l.Bias) }
