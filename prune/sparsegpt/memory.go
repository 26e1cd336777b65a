package sparsegpt

import "github.com/adagp/adagp/prune"

// Workspace implements prune.Workspace: the factor and what it is made in, the weights, and a block's
// errors and scores.
func (s Solver) Workspace(rows, cols int) int64 {
	return 2*prune.Float64s(cols, cols) + prune.Float64s(rows, cols) + 2*prune.Float64s(rows, max(s.BlockSize, 1))
}
