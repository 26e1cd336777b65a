// Package quant rounds the weights that pruning leaves to grids of few bits. Weights stay floating
// point numbers; what makes them small is that a program which knows the grids can store the number of
// the grid point instead.
//
// A [Grid] belongs to one weight matrix. Each row, or each run of [Spec].Group columns of a row, has
// its own: 2^Bits points, evenly spaced between the smallest and the largest weight and moved such that
// one of them is exactly 0 (equation 1 of docs/maths/quantization.md):
//
//	ŵ = scale·(q − zero)    q = 0 … 2^Bits − 1    scale = (max − min)/(2^Bits − 1)    zero = round(−min/scale)
//
// so pruned weights, which are 0, are on every grid, and which weights are pruned is a matter of the
// mask alone. Rounding each weight by itself is [Nearest]; rounding column by column such that later
// columns make up for it is done by package sparsegpt, in the same pass that prunes.
package quant
