package autograd_test

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// cube is an operation of one's own: y = x³, dx = 3·x²·dy.
func cube(x *autograd.Var) *autograd.Var {
	y := autograd.Empty(x.Value.Shape(), x)
	for i, v := range x.Value.Data() {
		y.Data()[i] = v * v * v
	}
	return autograd.Record("Cube", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := autograd.Empty(x.Value.Shape(), x)
		for i, v := range x.Value.Data() {
			dx.Data()[i] = 3 * v * v * dy.Data()[i]
		}
		return []*tensor.Tensor{dx}
	}, x)
}

func ExampleRecord() {
	tape := autograd.NewTape()
	x := tape.Leaf(tensor.FromSlice([]float32{1, 2, 3}, 3))
	tape.Backward(autograd.Sum(cube(x)))
	fmt.Println(x.Grad.Data())
	// Output: [3 12 27]
}
