package refit

import (
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
)

// Workspace implements prune.Workspace: the products C, and the weights, residuals, directions and their images of
// [Fit.CG]; or the weights and, on each thread, the equations of a row.
func (s Solver) Workspace(rows, cols int, kept float64) int64 {
	matrix := prune.Float64s(rows, cols)
	if s.Exact {
		most := int(kept*float64(cols)) + 1
		return 2*matrix + matrix/2 + int64(min(parallel.Threads(), rows))*prune.Float64s(most, most)
	}
	return 5*matrix + prune.MaskBytes(rows, cols)
}
