package tensor_test

import (
	"fmt"

	"github.com/adagp/adagp/tensor"
)

// What a linear layer computes: activations [tokens, in] times weights
// [out, in], transposed, plus a bias [out].
func ExampleMatMulNT() {
	x := tensor.FromSlice([]float32{
		1, 2, 3,
		0, 1, 0,
	}, 2, 3)
	w := tensor.FromSlice([]float32{
		1, 0, 0,
		0, 1, 1,
	}, 2, 3)
	b := tensor.FromSlice([]float32{0.5, -0.5}, 2)

	y := tensor.AddBias(tensor.MatMulNT(x, w), b)
	fmt.Println(y)
	// Output: [2 2]{1.5 4.5 0.5 0.5}
}

// Views and row ranges share storage.
func ExampleTensor_Rows() {
	x := tensor.New(3, 2)
	x.Rows(1, 3).Fill(1)
	x.View(6).Set(7, 0)
	fmt.Println(x)
	// Output: [3 2]{7 0 1 1 1 1}
}
