// Package tune moves the weights that pruning has left, by gradient descent on calibration windows,
// towards what the dense network computed. Masks do not change: to the optimiser the pruned weights
// do not exist, and they stay exactly zero. Where they are half of all or more, products pass them over too.
// Biases, norms, embeddings and the head stay as they are.
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
// Both take Adam (Kingma, Ba, 2015) with β = (0.9, 0.95) and ε = 1e-10 on one window at a time, at a rate
// that falls to 0 along a half cosine over all steps. The unit of rates is, for each matrix, the root
// mean square of its surviving weights times its share of zeros, divided by the square root of the
// number of survivors per output. So one rate does for wide and narrow layers, and for much and
// little that is gone.
//
// The last windows are held out and decide how far to go: the result is the best of four points on the
// straight line from the start to where the epochs have led, the start among them. So tuning never ends
// worse on these windows than it began.
//
// Results are the same for the same seed, whatever the number of threads. docs/maths/tuning.md has
// derivations, costs and what it is worth.
package tune
