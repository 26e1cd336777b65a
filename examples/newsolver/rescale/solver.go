// Package rescale is a solver made outside of this project's prune folder, in this one file: Wanda's
// mask, and then one factor for each row that brings its outputs as near to the dense ones as one factor
// can. A blank import makes it known to a program.
package rescale

import (
	"context"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func init() {
	registry.Plain("rescale", "drop the smallest |weight| × input norm of each row, stretch what is left", Solver{})
}

// Solver has no settings.
type Solver struct{}

// Describe says what it is called.
func (Solver) Describe() local.Description { return local.Description{Name: "rescale"} }

// Needs asks for the Gram matrix of the inputs, H = XᵀX.
func (Solver) Needs() local.Needs { return local.Needs{Hessian: true} }

// Solve keeps the weights that Wanda would keep, multiplied in each row by the c that minimises
// ‖X(w − c·ŵ)ᵀ‖², c = (w·H·ŵᵀ)/(ŵ·H·ŵᵀ).
func (Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(p.Saliency(), sparsity.RowScope) // counts, patterns and given masks are its business
	if err != nil {
		return nil, err
	}
	s := p.Masked(mask)
	xs := linalg.Mul(s.W, p.H) // row i: ŵ·H
	for i := range s.W.Rows {
		pruned, wanted := dot(xs.Row(i), s.W.Row(i)), dot(xs.Row(i), p.W.Row(i))
		if !(pruned > 0) || !(wanted > 0) {
			continue // nothing is left of the row, or nothing good
		}
		for j := range s.W.Row(i) {
			s.W.Row(i)[j] *= wanted / pruned
		}
	}
	return s, nil
}

func dot(a, b []float64) (sum float64) {
	for j, v := range a {
		sum += v * b[j]
	}
	return sum
}
