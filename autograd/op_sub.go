package autograd

import "github.com/adagp/adagp/tensor"

// Sub returns a - b, both of one shape.
//
//	y = a - b    da = dy    db = -dy
func Sub(a, b *Var) *Var {
	m := memoryOf(a, b)
	y := emptyLike(m, a.Value)
	tensor.SubInto(y, a.Value, b.Value)
	return record("Sub", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		if !needsGrad(b) {
			return grads(dy, nil)
		}
		db := emptyLike(m, dy)
		tensor.ScaleInto(db, dy, -1)
		return grads(dy, db)
	}, a, b)
}
