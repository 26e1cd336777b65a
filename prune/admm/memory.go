package admm

import "github.com/adagp/adagp/prune"

// Workspace implements prune.Workspace: the normalised Hessian, its inverse and what that is made in,
// and the variables.
func (s Solver) Workspace(rows, cols int) int64 {
	return 5*prune.Float64s(cols, cols)/2 + 5*prune.Float64s(rows, cols)
}
