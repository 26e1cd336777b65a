// Package prune makes trained language models sparse.
//
// # Matrix by matrix
//
// A local solver prunes one weight matrix by itself: package local states its problem, package sparsity the zeros
// that are asked for. A solver is made known by package registry and lives in a folder of its own (magnitude, wanda,
// sparsegpt, …).
//
// # Layer by layer
//
// [Run] takes a whole model through a [Method], which prunes one decoder [Layer] at a time:
//
//	load       read the weights of this layer, and of no other
//	calibrate  send the hidden states of the pruned prefix through the still dense layer while an
//	           observer of package calib sums what is needed (Layer.Capture)
//	solve      prune every selected matrix (Layer.Set), rounded to the type it will be stored in
//	round      move what is left to grids of few bits, if Options.Quantize asks for it
//	propagate  hand the matrices to the [Sink], compute the pruned layer's outputs, drop the weights
//
// Before the first layer the zeros are spread over the matrices by an allocation ([RegisterAllocation]);
// it, and a method that wants to prepare, see the [Dense] model as a whole, if need be with gradients. After the last
// layer a method may go over the pruned model once more ([Wants]).
//
// Every solver is a method by itself ([Local]); package adagp is one that treats the feed-forward
// block as a whole. The [Report] of a run is pruning.json, see docs/contract.md.
package prune
