package autograd

import "github.com/adagp/adagp/tensor"

// Products multiplies by the weights W [out, in] of a linear layer in a form that knows more of them than
// their values, such as which of them are zero.
type Products interface {
	// MulNTInto sets y [n, out] = x [n, in]·Wᵀ.
	MulNTInto(y, x *tensor.Tensor)
	// MulInto sets dx [n, in] = dy [n, out]·W.
	MulInto(dx, dy *tensor.Tensor)
}

// Linear applies weights w [out, in] and, unless it is nil, bias b [out] to
// the rows of x [n, in]. The result is [n, out].
//
//	y = x·Wᵀ + b    dx = dy·W    dW = dyᵀ·x    db[j] = Σᵢ dy[i,j]
func Linear(x, w, b *Var) *Var { return LinearBy(dense{w}, x, w, b) }

// dense are the products of weights as they are.
type dense struct{ w *Var }

func (d dense) MulNTInto(y, x *tensor.Tensor) { tensor.MatMulNTInto(y, x, d.w.Value) }
func (d dense) MulInto(dx, dy *tensor.Tensor) { tensor.MatMulInto(dx, dy, d.w.Value) }

// LinearBy is [Linear] with products of the caller's. Of w itself only the shape is used, and what takes the
// gradient.
func LinearBy(p Products, x, w, b *Var) *Var {
	_, in := matrix("Linear", x.Value)
	wantShape("Linear, weight", w.Value, tensor.AnyDim, in)
	y := empty(memoryOf(x, w, b), x.Value.Dim(0), w.Value.Dim(0))
	p.MulNTInto(y, x.Value)
	if b != nil {
		wantShape("Linear, bias", b.Value, w.Value.Dim(0))
		tensor.AddBiasInto(y, y, b.Value)
	}
	return record("Linear", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = emptyLike(x.tape.memory, x.Value)
			p.MulInto(dx, dy)
		}
		switch {
		case !needsGrad(w):
		case w.leaf && w.Grad != nil: // where it would be added to, in a pass of its own
			tensor.MatMulTNAdd(w.Grad, dy, x.Value)
		default:
			dw = emptyLike(w.tape.memory, w.Value)
			tensor.MatMulTNInto(dw, dy, x.Value)
		}
		return grads(dx, dw, biasGrad(b, dy))
	}, x, w, b)
}
