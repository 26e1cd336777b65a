package admm

import "github.com/adagp/adagp/prune"

// Workspace implements prune.Workspace: the normalised Hessian, its inverse and what that is made in,
// and the variables, some of them in float32 too.
func (s Solver) Workspace(rows, cols int) int64 {
	return 3*prune.Float64s(cols, cols) + 7*prune.Float64s(rows, cols)
}
