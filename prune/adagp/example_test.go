package adagp_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
)

// A block that no model of ours has: its declaration is all that AdaGP needs. GELU has no closed form
// for its argument, so the engine takes gradient steps there and solves the rest exactly.
func ExampleSolve() {
	r := rand.New(rand.NewPCG(1, 0))
	fc1 := randomLinear(r, "fc1", 24, 64, 1.5, true)
	fc2 := randomLinear(r, "fc2", 64, 24, 1.5, true)
	chain := nn.NewChain("mlp", nn.Map(fc1), nn.Pointwise(nn.GELU), nn.Map(fc2))

	o := adagp.Options{
		Alpha: 5, Beta: 5, Gamma: 5,
		Solver:  sparsegpt.Solver{},
		Pattern: adagp.Uniform(sparsity.NM(2, 4)),
		Ridge:   adagp.DefaultRidge,
	}
	x := correlated(r, 1000, 24) // inputs of the block, [tokens, 24]
	joint, err := adagp.Solve(context.Background(), chain, x, nil, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	o.Epochs = 1 // the local solver alone
	local, err := adagp.Solve(context.Background(), chain, x, nil, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("fc1:", joint[fc1].Mask.Zeros(), "of", 64*24, "weights are zero")
	fmt.Println("closer to the dense block than by local pruning:", outputError(chain, x, joint) < outputError(chain, x, local))
	// Output:
	// fc1: 768 of 1536 weights are zero
	// closer to the dense block than by local pruning: true
}
