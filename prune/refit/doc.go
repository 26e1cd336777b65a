// Package refit solves for the values of weights whose mask is settled, and for weights that are to
// make up for changed inputs. Other solvers and methods build on it; by themselves, "refit" and
// "refit-exact" refit the mask of the Wanda rule (or any other, as Problem.Keep).
//
// On inputs X with Gram matrix H = XᵀX, weights W that should give outputs Y have the error
//
//	‖Y − XWᵀ‖² = tr(W·H·Wᵀ) − 2·tr(W·Cᵀ) + ‖Y‖²        C = YᵀX
//
// where C = T·H when Y are the outputs of known weights T on the same inputs. [Fit] minimises this
// plus a ridge ρ·‖W − W₀‖² over weights that are zero outside a mask. Rows are independent. A row w
// with the kept inputs S has the normal equations
//
//	(H_SS + ρ·I)·w_S = (C + ρ·W₀)_S
//
// [Fit.Exact] factors H_SS + ρ·I for each row: |S|³/3 multiplications a row, for small layers.
// [Fit.CG] takes conjugate gradients on all rows at once ("Methods of Conjugate Gradients for Solving
// Linear Systems", Hestenes, Stiefel, 1952): with the mask M as a projection, the operator
// Z ↦ (Z·H + ρ·Z)∘M costs one matrix product for all rows, and ten to twenty steps from W₀ are
// enough; ALPS (Meng, Behdin, Wang, Mazumder, 2024) finishes this way.
//
// [LeastSquares] is the same without a mask: W* = (C + μ·W₀)·(H + μ·I)⁻¹, the target of a layer whose
// inputs have been changed by pruning before it, while its outputs should still be those of the
// original network.
package refit
