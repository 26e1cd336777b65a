package sparsegpt_test

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// The second input always equals the first, and so the first takes over the weight of the second
// when that is dropped.
func ExampleSolver() {
	problem := &local.Problem{
		Name:    "layer.weight",
		W:       linalg.FromSlice([]float64{3, 1, 2, 2}, 1, 4),
		Pattern: sparsity.NM(1, 2),
		H: linalg.FromSlice([]float64{
			10, 10, 0, 0,
			10, 10, 0, 0,
			0, 0, 10, 0,
			0, 0, 0, 1,
		}, 4, 4),
	}
	solver := sparsegpt.Solver{DampFrac: 1e-6}
	s, err := local.Solve(context.Background(), solver, problem)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f %d zeros\n", s.W.Data, s.Mask.Zeros())
	// Output:
	// [0.000 4.000 2.000 0.000] 2 zeros
}
