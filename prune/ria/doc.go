// Package ria prunes by relative importance and activations: "Plug-and-Play: An Efficient
// Post-training Pruning Method for Large Language Models" (Zhang, Bai, Lin, Ding, Hu, 2024).
//
// Ranking by size alone can leave an input or an output with hardly any weight at all. Relative
// importance asks instead which share a weight has of all that enters its output and of all that
// leaves its input, so that a channel whose weights are small as a whole keeps its best ones. Inputs
// that are large on the calibration tokens count more, to a damped degree; with the norm ‖X_j‖ of
// input j (equations 1 and 2 of the paper):
//
//	S_ij = ( |W_ij| / Σ_k |W_ik|  +  |W_ij| / Σ_k |W_kj| ) · ‖X_j‖^a        a = 0.5
//
// Weights of the same output are ranked against each other and the survivors keep their values, as
// in Wanda. The paper's permutation of channels for N:M patterns is not part of it.
package ria
