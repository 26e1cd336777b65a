// Package sparsity says which weights of a matrix go: a [Pattern] is the zeros that are asked for (a share of
// all weights, or N in every M neighbours of a row), a [Mask] the choice that was made, and the Select functions
// choose the lowest of given scores as a pattern wants it.
package sparsity
