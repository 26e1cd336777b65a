// Package calib turns the activations of a calibration run into what pruning solvers need.
//
// A [Collector] is an nn.Observer that folds the inputs of linear layers into sums: the Hessian
// XᵀX and the squared norm of every input. Sums cost memory of the layer's width, whatever the
// number of tokens. A [Recorder] keeps whole activations, for the methods that alternate over
// them, and [Tee] sends one run to several observers.
//
// Everything that comes from data is a [Sum] over tokens: sums of parts merge, and have a binary encoding.
//
// Layers that are fed the very same tensor (query, key and value; gate and up) share one sum.
package calib
