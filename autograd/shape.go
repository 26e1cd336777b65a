package autograd

import (
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

const (
	// elementBlock is the number of elements an elementwise kernel gets at
	// once. The cuts are at fixed places, so that a kernel which rounds its
	// tail differently from its vector body cannot make a result depend on the
	// number of threads.
	elementBlock = 4096
	// rowWork is how many elements make it worth handing rows to a thread.
	rowWork = 1 << 13
)

// shapeError describes a tensor of the wrong shape passed to op.
func shapeError(op string, got, want []int) *tensor.ShapeError {
	return &tensor.ShapeError{Op: "autograd " + op, Got: got, Want: want}
}

// wantSameShape panics unless got has the shape of want.
func wantSameShape(op string, got, want *tensor.Tensor) {
	if !tensor.SameShape(got, want) {
		panic(shapeError(op, got.Shape(), want.Shape()))
	}
}

// wantShape panics unless t has the given shape; tensor.AnyDim fits any length.
func wantShape(op string, t *tensor.Tensor, shape ...int) {
	tensor.CheckShape("autograd."+op, t, shape...)
}

func equalShapes(a, b []int) bool { return slices.Equal(a, b) }

// matrix returns rows and columns of a tensor of rank 2.
func matrix(op string, t *tensor.Tensor) (rows, cols int) {
	wantShape(op, t, tensor.AnyDim, tensor.AnyDim)
	return t.Dim(0), t.Dim(1)
}

// forElements calls body on ranges that cover [0, n), in parallel, cut at
// multiples of elementBlock.
func forElements(n int, body func(lo, hi int)) {
	parallel.For((n+elementBlock-1)/elementBlock, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			body(b*elementBlock, min((b+1)*elementBlock, n))
		}
	})
}

// forRows calls body for every row of a matrix with the given row length, in
// parallel.
func forRows(rows, cols int, body func(row int)) {
	parallel.For(rows, max(1, rowWork/max(1, cols)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			body(i)
		}
	})
}

// forRowsWith is forRows for a body that needs memory for one row: scratch has
// cols elements, which each thread has for itself.
func forRowsWith(rows, cols int, body func(row int, scratch []float32)) {
	parallel.For(rows, max(1, rowWork/max(1, cols)), func(lo, hi int) {
		scratch := make([]float32, cols)
		for i := lo; i < hi; i++ {
			body(i, scratch)
		}
	})
}

// scalar returns the tensor [1] holding v.
func scalar(v float64) *tensor.Tensor {
	return tensor.FromSlice([]float32{float32(v)}, 1)
}

// grads collects the result of a backwardFunc.
func grads(dx ...*tensor.Tensor) []*tensor.Tensor { return dx }
