// Package magnitude prunes the weights of smallest absolute value, the oldest and cheapest rule.
//
// It minimises ‖Ŵ − W‖² over all matrices of the pattern: the score of a weight is |W_ij|, all
// weights of the matrix compete (N:M patterns: those of a group), and the survivors keep their
// values. It looks at no data, so it is the baseline that anything calibrated has to beat.
package magnitude
