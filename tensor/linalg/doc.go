// Package linalg is dense linear algebra in float64 for the pruning solvers: products, Gram matrices
// of float32 activations, Cholesky and triangular factors, symmetric eigenvalues.
//
// Matrices are row-major and contiguous. Work is split over the cores by parts of the output, and
// sums run in an order that does not depend on the split: results are the same bits on any number of
// threads.
//
// Wrong shapes are mistakes of the caller and panic with a [*tensor.ShapeError]. Numerical trouble is
// an error: [*NotPositiveDefiniteError], [*NonFiniteError]. No input makes a function loop for ever.
//
// # Where float32 would do
//
// Only in sums over tokens: [AddGram] and [AddCross] add 256 products in float32, off by at most
// 256·2⁻²⁴ of the sum of their magnitudes, and everything beyond in float64. A factorisation in float32
// solves a system whose elements are off by up to (n+1)·2⁻²⁴·√(h_ii·h_jj) (Higham, Accuracy and Stability of
// Numerical Algorithms, theorem 10.3), an error of about n·2⁻²⁴·κ in the solution, κ the condition number. Damped by δ
// of its mean diagonal, a Gram matrix of width n has κ ≤ 1 + n/δ: with the usual δ = 0.01 the bound is
// n²·6e-6, no digit from n = 410 on, and undamped matrices of trained models reach κ = 1e7 (docs/adr/0002). In
// float64 it is n²·1e-14, eight digits at n = 1024.
//
// # What is ours and what is gonum's
//
// Everything but the leaves of the eigenvalue problem is our own code over asm.Gemm, by halves down to
// blocks of 48, because gonum's (v0.17.0) stands on SSE2 kernels for dot products and axpys. One core of
// an AMD EPYC with AVX-512, Go 1.26, in GFLOP/s per second of processor time, counting the operations of
// the classical algorithm, where multiply-adds in registers do 120 (go test -bench . ./tensor/linalg; gonum's are its Gonum…
// benchmarks):
//
//	                        n = 512   1024   2048     gonum 512   1024   2048
//	Mul                         101    104    102           8.5    8.7    8.0
//	Cholesky                     38     59     73           7.3    8.7    8.6
//	InverseSPD                   48     65     75           6.8    8.1    7.3
//	InverseUpperFactor           49     66     78           5.9    8.1    7.7
//	SolveSPD (n columns)         70     82     90
//	SymEigen, seconds          0.04   0.21    1.8           1.7     13      –
//
// Where asm has no assembly (purego), products and factorisations run at 4 to 8 here and gonum's SSE2
// is up to twice as fast below n = 1024; SymEigen is still 13 times faster. Its dsyev applies every
// rotation of the QL iteration to all eigenvectors; ours divides and conquers, and keeps gonum's
// dsteqr, the same iteration, for tridiagonal blocks of up to 32.
package linalg
