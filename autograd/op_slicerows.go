package autograd

import "github.com/adagp/adagp/tensor"

// SliceRows returns rows lo to hi-1 of x, sharing storage.
//
//	y[i] = x[lo+i]    dx = dy in rows lo to hi-1, 0 elsewhere
func SliceRows(x *Var, lo, hi int) *Var {
	return record("SliceRows", x.Value.Rows(lo, hi), func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := zeros(x.tape.memory, x.Value.Shape()...)
		dx.Rows(lo, hi).CopyFrom(dy)
		return grads(dx)
	}, x)
}
