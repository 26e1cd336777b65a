package nn

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// LayerNorm shifts and scales each row to mean 0 and variance 1, then applies a learned affine map:
// y = w ⊙ (x - mean) / sqrt(var + eps) + b (Ba, Kiros and Hinton 2016, equation 4).
type LayerNorm struct {
	Weight, Bias *Param // [width]; both nil when the norm has no affine map, Bias where it has no shift
	Width        int
	Eps          float32
}

// NewLayerNorm returns a norm with the parameters path.weight and path.bias [width], or with none
// when affine is false.
func NewLayerNorm(path string, width int, eps float32, affine bool) *LayerNorm {
	n := &LayerNorm{Width: width, Eps: eps}
	if affine {
		n.Weight, n.Bias = NewParam(path+".weight", width), NewParam(path+".bias", width)
	}
	return n
}

// Forward normalises the rows of x [tokens, width].
func (n *LayerNorm) Forward(c *Context, x *autograd.Var) *autograd.Var {
	if n.Weight == nil {
		// Made anew each time: a model of many layers holds nothing before it is loaded.
		ones := tensor.New(n.Width)
		ones.Fill(1)
		return autograd.LayerNorm(x, autograd.Const(ones), nil, n.Eps)
	}
	var bias *autograd.Var
	if n.Bias != nil {
		bias = n.Bias.On(c)
	}
	return autograd.LayerNorm(x, n.Weight.On(c), bias, n.Eps)
}

// Walk visits the weight and the bias, if there are any.
func (n *LayerNorm) Walk(visit func(*Param)) { walkAll(visit, n.Weight, n.Bias) }
