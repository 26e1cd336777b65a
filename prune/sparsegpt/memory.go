package sparsegpt

import (
	"cmp"

	"github.com/adagp/adagp/prune"
)

// Workspace implements prune.Workspace: the factor, which is made in place, the weights and their mask, and of a block
// the scores and the tiles of weights and errors.
func (s Solver) Workspace(rows, cols int, _ float64) int64 {
	return prune.Float64s(cols, cols) + prune.Float64s(rows, cols) + prune.MaskBytes(rows, cols) + 3*prune.Float64s(rows, min(cols, cmp.Or(s.BlockSize, DefaultBlockSize)))
}
