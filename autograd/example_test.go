package autograd_test

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Fit a line to three points by gradient descent. The same function, given the
// nil tape, is inference.
func Example() {
	x := tensor.FromSlice([]float32{0, 1, 2}, 3, 1)
	y := tensor.FromSlice([]float32{1, 3, 5}, 3, 1) // 2x + 1
	w, dw := tensor.New(1, 1), tensor.New(1, 1)
	b, db := tensor.New(1), tensor.New(1)
	line := func(tape *autograd.Tape) *autograd.Var {
		return autograd.Linear(autograd.Const(x), tape.Param(w, dw), tape.Param(b, db))
	}

	tape := autograd.NewTape()
	for range 200 {
		tape.Reset()
		tape.Backward(autograd.MSE(line(tape), y))
		for _, p := range []struct{ value, grad *tensor.Tensor }{{w, dw}, {b, db}} {
			tensor.AddScaled(p.value, -0.2, p.grad)
			p.grad.Zero()
		}
	}
	fmt.Printf("y = %.2fx + %.2f\n", w.At(0, 0), b.At(0))
	fmt.Printf("at 2: %.2f\n", line(nil).Value.At(2, 0))
	// Output:
	// y = 2.00x + 1.00
	// at 2: 5.00
}
