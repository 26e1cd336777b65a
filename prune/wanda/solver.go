package wanda

import (
	"context"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

func init() {
	registry.Plain("wanda", "drop the smallest |weight| × input norm of each row; no update", Solver{})
}

// Solver is the Wanda rule; it has no settings.
type Solver struct{}

// Describe implements local.Solver.
func (Solver) Describe() local.Description { return local.Description{Name: "wanda"} }

// Needs asks for the squared norms of the inputs.
func (Solver) Needs() local.Needs { return local.Needs{SquaredNorms: true} }

// Solve prunes the smallest |W_ij|·‖X_j‖, in row scope.
func (Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mask, err := p.Select(p.Saliency(), sparsity.RowScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}
