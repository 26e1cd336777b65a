package nn

import "github.com/adagp/adagp/autograd"

// RMSNorm scales each row to unit root mean square: y = w ⊙ x / sqrt(mean(x²) + eps)
// (Zhang and Sennrich 2019, equation 4).
type RMSNorm struct {
	Weight *Param // [width]
	Eps    float32
	// PlusOne says that the weight is stored less one.
	PlusOne bool
}

// NewRMSNorm returns a norm with the parameter path.weight [width].
func NewRMSNorm(path string, width int, eps float32) *RMSNorm {
	return &RMSNorm{Weight: NewParam(path+".weight", width), Eps: eps}
}

// Forward normalises the rows of x [tokens, width].
func (n *RMSNorm) Forward(c *Context, x *autograd.Var) *autograd.Var {
	w := n.Weight.On(c)
	if n.PlusOne {
		w = autograd.Shift(w, 1)
	}
	return autograd.RMSNorm(x, w, n.Eps)
}

// Walk visits the weight.
func (n *RMSNorm) Walk(visit func(*Param)) { walkAll(visit, n.Weight) }
