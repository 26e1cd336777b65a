// Package linalg is dense linear algebra in float64 for the pruning solvers: products, Gram matrices
// of float32 activations, Cholesky and triangular factors, symmetric eigenvalues.
//
// Matrices are row-major and contiguous. Work is split over the cores by tiles of the output whose
// size does not depend on the number of threads, so neither do the results.
//
// Wrong shapes are mistakes of the caller and panic with a [*tensor.ShapeError]. Numerical trouble is
// an error: [*NotPositiveDefiniteError], [*NonFiniteError].
package linalg
