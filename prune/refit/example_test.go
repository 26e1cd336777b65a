package refit_test

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// Two inputs that nearly always agree: when the weight of one is pruned, the other can take over.
func ExampleFit_CG() {
	x := linalg.FromSlice([]float64{
		1, 1,
		2, 2,
		3, 3.1,
	}, 3, 2)
	h := linalg.MulTN(x, x)
	w := linalg.FromSlice([]float64{1, 1}, 1, 2)
	keep := sparsity.NewMask(1, 2)
	keep.Set(0, 1, false)

	f := refit.Fit{H: h, C: linalg.Mul(w, h), Keep: keep, Start: w}
	refitted, err := f.CG(context.Background(), 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	outputs := linalg.QuadForm(w, h)
	masked := linalg.FromSlice([]float64{1, 0}, 1, 2)
	fmt.Printf("masked:   %.3f, error %.4f\n", masked.Data, refit.Loss(masked, h, f.C, outputs))
	fmt.Printf("refitted: %.3f, error %.4f\n", refitted.Data, refit.Loss(refitted, h, f.C, outputs))
	// Output:
	// masked:   [1.000 0.000], error 14.6100
	// refitted: [2.021 0.000], error 0.0036
}
