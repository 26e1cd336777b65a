// Package local states the local pruning problem and what solves it: one weight matrix, the statistics of its
// calibration inputs and a pattern of zeros make a [Problem]; a [Solver] answers with a [Solution], new weights and
// a mask. [Solve] runs a solver with all checks. Nothing here knows of layers or models.
//
// The solvers live in folders of their own: magnitude, wanda, sparsegpt and others.
package local
