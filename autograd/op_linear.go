package autograd

import "github.com/adagp/adagp/tensor"

// Products multiplies by the weights W [out, in] of a linear layer in a form that knows more of them than
// their values, such as which of them are zero.
type Products interface {
	// Shape returns the number of outputs and of inputs.
	Shape() (out, in int)
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

func (d dense) Shape() (out, in int)          { return matrix("Linear, weight", d.w.Value) }
func (d dense) MulNTInto(y, x *tensor.Tensor) { tensor.MatMulNTInto(y, x, d.w.Value) }
func (d dense) MulInto(dx, dy *tensor.Tensor) { tensor.MatMulInto(dx, dy, d.w.Value) }

// LinearBy is [Linear] with products of the caller's. All that w is good for is to take the gradient, for which
// [Tape.Sink] is enough; it may be nil where none is wanted.
func LinearBy(p Products, x, w, b *Var) *Var {
	out, in := p.Shape()
	wantShape("Linear", x.Value, tensor.AnyDim, in)
	if w != nil {
		shaped := w.Value
		if shaped == nil {
			shaped = w.Grad // a sink
		}
		wantShape("Linear, weight", shaped, out, in)
	}
	m := memoryOf(x, w, b)
	y := empty(m, x.Value.Dim(0), out)
	p.MulNTInto(y, x.Value)
	if b != nil {
		wantShape("Linear, bias", b.Value, out)
		tensor.AddBiasInto(y, y, b.Value)
	}
	if !recorded(x, w, b) {
		return constant(y, m)
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
