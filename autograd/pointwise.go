package autograd

import "github.com/adagp/adagp/tensor"

// pointwise records y = f(x), element by element. forward fills y from x;
// backward fills dx with dy·f′(x), given x and y. Both get slices of equal
// length that may be any part of the tensors.
func pointwise(op string, x *Var, forward func(y, x []float32), backward func(dx, dy, x, y []float32)) *Var {
	xs := x.Value.Data()
	m := memoryOf(x)
	out := emptyLike(m, x.Value)
	y := out.Data()
	forElements(len(y), func(lo, hi int) { forward(y[lo:hi], xs[lo:hi]) })
	if !recorded(x) {
		return constant(out, m)
	}
	return record(op, out, func(dOut *tensor.Tensor) []*tensor.Tensor {
		dIn := emptyLike(x.tape.memory, x.Value)
		dx, dy := dIn.Data(), dOut.Data()
		forElements(len(dx), func(lo, hi int) { backward(dx[lo:hi], dy[lo:hi], xs[lo:hi], y[lo:hi]) })
		return grads(dIn)
	}, x)
}
