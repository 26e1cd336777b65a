package nn_test

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// A chain declares what is pruned together; as a network function it is the plain block.
func ExampleNewChain() {
	fc1, fc2 := nn.NewLinear("fc1", 2, 2, false), nn.NewLinear("fc2", 2, 1, true)
	fc1.Weight.Set(tensor.FromSlice([]float32{1, 1, 1, -1}, 2, 2))
	fc2.Weight.Set(tensor.FromSlice([]float32{1, 1}, 1, 2))
	fc2.Bias.Set(tensor.FromSlice([]float32{10}, 1))

	chain := nn.NewChain("mlp", nn.Map(fc1), nn.Pointwise(nn.ReLU), nn.Map(fc2))
	if err := chain.Check(); err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range chain.Links {
		fmt.Println(l.Linear.Name(), l.In, "→", l.Out)
	}
	x := autograd.Const(tensor.FromSlice([]float32{1, 3}, 1, 2))
	fmt.Println(chain.Forward(&nn.Context{}, x).Value.Data())
	// Output:
	// fc1 x → z1
	// fc2 a2 → y
	// [14]
}
