package optim_test

import (
	"fmt"
	"log"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/nn/optim"
	"github.com/adagp/adagp/tensor"
)

// Fit one layer with Adam, the learning rate falling to 0.
func Example() {
	layer := nn.NewLinear("layer", 2, 1, false)
	layer.Weight.Set(tensor.New(1, 2))
	nn.ZeroGrad(layer.Walk)

	x := tensor.FromSlice([]float32{1, 0, 0, 1, 1, 1}, 3, 2)
	y := tensor.FromSlice([]float32{2, -1, 1}, 3, 1)
	const steps = 300
	opt := optim.New(nn.Params(layer.Walk), optim.Adam(0.1, 0.9, 0.95, 1e-8), optim.Options{
		ClipNorm: 10,
		Schedule: optim.Cosine(0.1, steps),
	})
	tape := autograd.NewTape()
	for range steps {
		tape.Reset()
		tape.Backward(autograd.MSE(layer.Forward(&nn.Context{Tape: tape}, autograd.Const(x)), y))
		if err := opt.Step(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%.3f\n", layer.Weight.Value().Data())
	// Output: [2.000 -1.000]
}
