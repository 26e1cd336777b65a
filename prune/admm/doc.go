// Package admm prunes by the alternating direction method of multipliers with a mask that grows:
// "Fast and Effective Weight Update for Pruned Large Language Models" (Boža, 2024).
//
// Columns are normalised first, so that one penalty suits all inputs: with d_j = √H_jj, the weights
// become T = W·diag(d) and the Hessian A = H_ij/(d_i·d_j), which has ones on its diagonal and gets a
// share DampFrac of that added. Looking for Z ≈ T that is zero outside a mask,
//
//	minimise ½·tr((X−T)·A·(X−T)ᵀ)    subject to X = Z,    Z∘(1−mask) = 0
//
// has the iteration, with scaled multipliers U and penalty 1 (algorithms 1 and 2 of the paper)
//
//	Z = (X + U)∘mask        U += X − Z        X = (T·A + Z − U)·(A + I)⁻¹
//
// One inverse serves all iterations and rows; each iteration is one matrix product: while the mask grows of what
// has changed since the last one, in float32, then of all, in float64, which takes the rounding away. For the first 15
// of 20 the mask is chosen anew, as the largest |X + U| of the whole matrix, with zeros that grow along
// a cubic: after step k of 15 their share is s·(1 − (1 − k/15)³). So most of the small weights go
// early, while the others can still make up for them, and the difficult choices come late. For N:M
// patterns only the N lowest of every group may go, a cubically growing number of them in all. (The
// published script computes the cubic for unstructured patterns and then does not use it; here it is
// used.)
//
// [Patient], "admm-patient", has 30 iterations, chooses in 25, and grows along (1 − k/25)⁵: the last choices, which
// U has a say in, are made with nearly all zeros in place.
//
// X + U is the only matrix the masking steps need: where the mask keeps, Z = X + U and U = 0, and
// elsewhere Z = 0 and U = X + U.
//
// The work is about 4/3·in³ + 20·out·in² multiplications (30 for Patient). Inputs that are always zero get zero weights.
// With a fixed mask (Problem.Keep) all iterations refit the weights.
package admm
