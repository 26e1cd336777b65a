package autograd

import "github.com/adagp/adagp/tensor"

// Linear applies weights w [out, in] and, unless it is nil, bias b [out] to
// the rows of x [n, in]. The result is [n, out].
//
//	y = x·Wᵀ + b    dx = dy·W    dW = dyᵀ·x    db[j] = Σᵢ dy[i,j]
func Linear(x, w, b *Var) *Var {
	_, in := matrix("Linear", x.Value)
	wantShape("Linear, weight", w.Value, tensor.AnyDim, in)
	y := empty(memoryOf(x, w, b), x.Value.Dim(0), w.Value.Dim(0))
	tensor.MatMulNTInto(y, x.Value, w.Value)
	if b != nil {
		wantShape("Linear, bias", b.Value, w.Value.Dim(0))
		tensor.AddBiasInto(y, y, b.Value)
	}
	return record("Linear", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		var dx, dw *tensor.Tensor
		if needsGrad(x) {
			dx = emptyLike(x.tape.memory, x.Value)
			tensor.MatMulInto(dx, dy, w.Value)
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
