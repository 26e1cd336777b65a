// Package tune moves the weights that pruning has left, by gradient descent on calibration windows,
// towards what the dense network computed. Masks do not change: to the optimiser the pruned weights
// do not exist, and they stay exactly zero. Biases, norms, embeddings and the head stay as they are.
//
// [Block] tunes one decoder layer so that it maps the hidden states of the pruned prefix to the dense
// layer's outputs, all its matrices together, attention included. Its loss on tokens with outputs y
// and targets t of width d is
//
//	mean over tokens of Σⱼ (y[j]−t[j])² / (d·var(t))
//
// [Global] tunes all layers of a model together, by knowledge distillation (Hinton, Vinyals, Dean,
// 2015): its loss is the mean over positions of KL(dense ‖ pruned), the divergence of the
// distributions of the next token.
//
// Both take Adam (Kingma, Ba, 2015) with β = (0.9, 0.95) and ε = 1e-10 on batches of a few windows, at
// a rate that falls to 0 along a half cosine over all steps. The last windows are held out: they tell
// whether an epoch has helped, and the best weights by their loss, the ones at the start included, are
// the result. So tuning never ends worse on them than it began.
//
// Results are the same for the same seed, whatever the number of threads. docs/maths/tuning.md has
// derivations, costs and what it is worth.
package tune
