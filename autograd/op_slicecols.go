package autograd

import "github.com/adagp/adagp/tensor"

// SliceCols returns columns lo to hi-1 of x [n, c], in memory of their own: [n, hi-lo].
//
//	y[i,j] = x[i,lo+j]    dx = dy in columns lo to hi-1, 0 elsewhere
func SliceCols(x *Var, lo, hi int) *Var {
	n, c := matrix("SliceCols", x.Value)
	if lo < 0 || hi < lo || hi > c {
		panic(&tensor.ShapeError{Op: "autograd.SliceCols", Got: []int{lo, hi}, Want: []int{0, c}, Msg: "range of columns"})
	}
	m := memoryOf(x)
	y := empty(m, n, hi-lo)
	for i := range n {
		copy(y.Row(i), x.Value.Row(i)[lo:hi])
	}
	if !recorded(x) {
		return constant(y, m)
	}
	return record("SliceCols", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := zeros(m, n, c)
		for i := range n {
			copy(dx.Row(i)[lo:hi], dy.Row(i))
		}
		return grads(dx)
	}, x)
}
