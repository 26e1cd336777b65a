package alps

import "github.com/adagp/adagp/prune"

// Workspace implements prune.Workspace: the most of three stages.
func (s Solver) Workspace(rows, cols int, _ float64) int64 {
	square, matrix := prune.Float64s(cols, cols), prune.Float64s(rows, cols)
	return prune.MaskBytes(rows, cols)*3 + max(
		// The normalised Hessian, and of its decomposition the reduced matrix, the eigenvectors of the halves and of
		// what joins them, and the rows that are multiplied; B and T·A.
		5*square+square/4+2*matrix,
		4*square+5*matrix, // Hessian, eigenvectors, an inverse and its factor; B, T·A, S, scores and what selects by them
		square+6*matrix,   // Hessian; B, T·A, and the refit's four
	)
}
