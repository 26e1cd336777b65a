package nn

import "github.com/adagp/adagp/autograd"

// RMSNorm scales each row to unit root mean square: y = w ⊙ x / sqrt(mean(x²) + eps)
// (Zhang and Sennrich 2019, equation 4).
type RMSNorm struct {
	Weight *Param // [width]
	Eps    float32
}

// NewRMSNorm returns a norm with the parameter path.weight [width].
func NewRMSNorm(path string, width int, eps float32) *RMSNorm {
	return &RMSNorm{Weight: NewParam(path+".weight", width), Eps: eps}
}

// Forward normalises the rows of x [tokens, width].
func (n *RMSNorm) Forward(c *Context, x *autograd.Var) *autograd.Var {
	return autograd.RMSNorm(x, n.Weight.On(c), n.Eps)
}

// Walk visits the weight.
func (n *RMSNorm) Walk(visit func(*Param)) { walkAll(visit, n.Weight) }
