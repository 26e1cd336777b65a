// Package wanda prunes by weight and activation: "A Simple and Effective Pruning Approach for Large
// Language Models" (Sun, Liu, Bair, Kolter, 2023).
//
// Removing W_ij alone changes output i, summed over the calibration tokens, by W_ij²·‖X_j‖², where
// X_j is input j over all tokens. The score is the root of that, equation 1 of the paper,
//
//	S_ij = |W_ij| · ‖X_j‖₂,
//
// and it only ranks weights of the same output against each other: every row loses its share. The
// paper finds that this scope, more than the score, is what makes the rule work for language models.
// The survivors keep their values. Where the published code rounds the count down in every row, the
// rows here are rounded cumulatively, which meets the total exactly.
package wanda
