// Package sparsegpt prunes by optimal brain surgery, one column of weights after the other, with one
// inverse Hessian for all rows: "SparseGPT: Massive Language Models Can Be Accurately Pruned in
// One-Shot" (Frantar, Alistarh, 2023).
//
// A row w of the layer is to keep its outputs on the calibration inputs, whose Gram matrix is
// H = XᵀX: the price of a change d is d·H·dᵀ. Setting weight j to zero and moving the weights not
// yet decided in the best way costs, and asks for (equations 2 and 3 of the paper)
//
//	ε_j = w_j² / [H⁻¹]_jj        d = −(w_j / [H⁻¹]_jj) · [H⁻¹]_j,:
//
// where H⁻¹ is the inverse over the weights not yet decided. Deciding them from left to right makes
// that set the same for all rows, and all the inverses needed are then rows of one triangular
// matrix: with H⁻¹ = UᵀU, U upper triangular, the inverse over columns j… has the first row
// U_jj·U_j,j:, so that
//
//	score_ij = (W_ij / U_jj)²        E_ij = W_ij / U_jj for the pruned        W_i,j+1: −= E_ij · U_j,j+1:
//
// The work is organised in blocks of columns (BlockSize B). In a block [i1, i2):
//
//  1. unstructured patterns: of the scores of the whole block, from the current weights, the
//     Count(out·i2) − Count(out·i1) lowest are pruned, which meets the total exactly (the published
//     code prunes one more per block);
//  2. column by column: N:M patterns choose the N lowest of each group of M when they arrive at its
//     first column; the pruned weights become zero and the rest of the block is compensated;
//  3. everything right of the block is compensated at once, W_:,i2: −= E·U_i1:i2,i2:.
//
// Weights that stay can be rounded to grids in the same pass (section 3.5 of the paper; GPTQ when the
// mask is given): E_ij is then the rounding error over U_jj for them too (Problem.Quantize, tile.round).
//
// Rows do not depend on each other in steps 2 and 3 and are handled in parallel. Step 3 is a matrix
// product and nearly all the work, out·in² multiplications, next to about 2/3·in³ for U.
//
// Inputs that are zero in all calibration tokens (H_jj = 0) say nothing about their weights: those
// become zero. A share DampFrac of the mean diagonal is added to the diagonal of H; when the
// factorisation fails all the same, ten times more, up to eight times.
package sparsegpt
