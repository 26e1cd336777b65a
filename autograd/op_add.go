package autograd

import "github.com/adagp/adagp/tensor"

// Add returns a + b, both of one shape.
//
//	y = a + b    da = dy    db = dy
func Add(a, b *Var) *Var {
	m := memoryOf(a, b)
	y := emptyLike(m, a.Value)
	tensor.AddInto(y, a.Value, b.Value)
	if !recorded(a, b) {
		return constant(y, m)
	}
	return record("Add", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(dy, dy)
	}, a, b)
}
