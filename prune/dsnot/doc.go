// Package dsnot improves a mask by exchanging pruned weights for kept ones, without any update of the
// values: "Dynamic Sparse No Training: Training-Free Fine-tuning for Sparse LLMs" (Zhang, Zhao, Lin,
// Sun, Yao, Han, Tanner, Liu, Ji, 2023).
//
// Pruning shifts the mean of an output. With x̄_j the sum of input j over a calibration window, averaged
// over the windows, weight [i, j] contributes
//
//	M_ij = W_ij·x̄_j        and row i is off by        ε_i = Σ_{j pruned} M_ij
//
// A cycle exchanges two weights of a row such that ε_i moves towards zero (section 3 of the paper):
//
//   - grow the pruned weight whose contribution is of the sign of ε_i and the largest in relation to the
//     variance of its input, |M_ij|/var_j: inputs that hardly vary act like a bias;
//   - prune the kept weight whose contribution is of the opposite sign and whose Wanda score
//     |W_ij|·‖X_j‖ is lowest; never one that has just been grown.
//
// The order of growing is fixed at the start and each weight has one turn; a weight that was kept then
// and pruned since comes after all others. A row is finished when |ε_i| <= 0.1, after 50 cycles, or
// when one side has run out of candidates. For N:M patterns both
// weights must belong to the same group; a weight to grow that finds no partner there is passed over.
//
// The start is the mask of the Wanda rule, the variance is the mean of the variances within each
// window. A mask that is fixed (Problem.Keep) leaves nothing to exchange; [Solver.Improve] starts from
// any mask. The published default treats the matrices of attention only: the error of the mean is but a
// part of the whole, which can rise where inputs have hardly any mean.
package dsnot
