package autograd

import "github.com/adagp/adagp/tensor"

// Div returns a / b, element by element, both of one shape.
//
//	y = a/b    da = dy/b    db = -dy·y/b
func Div(a, b *Var) *Var {
	wantSameShape("Div", b.Value, a.Value)
	m := memoryOf(a, b)
	out := emptyLike(m, a.Value)
	y, as, bs := out.Data(), a.Value.Data(), b.Value.Data()
	forElements(len(y), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y[i] = as[i] / bs[i]
		}
	})
	return record("Div", out, func(dOut *tensor.Tensor) []*tensor.Tensor {
		var dA, dB *tensor.Tensor
		dy := dOut.Data()
		if needsGrad(a) {
			dA = emptyLike(m, a.Value)
			da := dA.Data()
			forElements(len(dy), func(lo, hi int) {
				for i := lo; i < hi; i++ {
					da[i] = dy[i] / bs[i]
				}
			})
		}
		if needsGrad(b) {
			dB = emptyLike(m, b.Value)
			db := dB.Data()
			forElements(len(dy), func(lo, hi int) {
				for i := lo; i < hi; i++ {
					db[i] = -dy[i] * y[i] / bs[i]
				}
			})
		}
		return grads(dA, dB)
	}, a, b)
}
