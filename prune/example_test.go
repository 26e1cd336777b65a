package prune_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// A solver of one's own: one file like this, and a blank import wherever its name is to be known.
// From then on "coinflip" is a method by itself and a local solver inside other methods.

func init() { registry.Plain("coinflip", "drop weights by lot", coinflip{}) }

type coinflip struct{}

// Describe says what it is called.
func (coinflip) Describe() local.Description { return local.Description{Name: "coinflip"} }

// Needs asks for no statistics.
func (coinflip) Needs() local.Needs { return local.Needs{} }

// Solve gives every weight a random score, and leaves counts and patterns to Select.
func (coinflip) Solve(_ context.Context, p *local.Problem) (*local.Solution, error) {
	r := rand.New(rand.NewPCG(p.Seed, 0))
	score := linalg.New(p.W.Rows, p.W.Cols)
	for k := range score.Data {
		score.Data[k] = r.Float64()
	}
	mask, err := p.Select(score, sparsity.LayerScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}

func Example_solver() {
	solver, err := registry.NewSolver("coinflip", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := linalg.FromSlice([]float64{
		1, 2, 3, 4, 5, 6, 7, 8,
		8, 7, 6, 5, 4, 3, 2, 1,
	}, 2, 8)
	solution, err := local.Solve(context.Background(), solver, &local.Problem{Name: "demo", W: w, Seed: 7, Pattern: sparsity.NM(2, 4)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(solution.Mask.Zeros(), "of", 16, "weights dropped")
	for i := range 2 {
		for j := 0; j < 8; j += 4 {
			zeros := 0
			for _, v := range solution.W.Row(i)[j : j+4] {
				if v == 0 {
					zeros++
				}
			}
			fmt.Println("row", i, "columns", j, "to", j+3, "zeros", zeros)
		}
	}
	// Output:
	// 8 of 16 weights dropped
	// row 0 columns 0 to 3 zeros 2
	// row 0 columns 4 to 7 zeros 2
	// row 1 columns 0 to 3 zeros 2
	// row 1 columns 4 to 7 zeros 2
}
