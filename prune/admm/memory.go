package admm

import "github.com/adagp/adagp/prune"

// Workspace implements prune.Workspace: the normalised Hessian while it is inverted, with the target and its product;
// then the inverse, in float32 too, five matrices and two halves of the iteration, and what the mask is chosen by.
func (s Solver) Workspace(rows, cols int, _ float64) int64 {
	square, matrix := prune.Float64s(cols, cols), prune.Float64s(rows, cols)
	return max(2*square+2*matrix, square+square/2+7*matrix+2*prune.MaskBytes(rows, cols))
}
