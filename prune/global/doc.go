// Package global prunes by one threshold over all matrices of the model, the baselines that papers on
// pruning language models argue against.
//
//	global-magnitude   score |W_ij|
//	global-taylor      score Σ over calibration windows of |W_ij · dLoss/dW_ij|, the first-order change
//	                   of the dense model's next-token loss when the weight goes
//	                   (Molchanov et al. 2017, equation 8, with absolute values per window)
//
// The lowest ⌊N·s⌋ of the N scores of all matrices lose their weights, so that a matrix may keep
// nearly everything or nothing at all. Equal scores go in the order of the decoder layers, their
// matrices and flat indices. N:M patterns compare weights within their groups alone: there both
// methods are local ones. Survivors keep their values.
//
// Scores need not be kept for the whole model. They are made twice: a first pass counts them and finds
// the threshold but for the last bits, a second one makes the masks, one bit a weight, and sets aside
// the few weights whose scores are too close to it. The gradients of global-taylor are summed over the
// windows for as many decoder layers at a time as fit into a fixed amount of memory; the backward
// pass is repeated for each such part of a model, twice, unless there is only one.
package global
