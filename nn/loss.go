package nn

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// IgnoredTarget marks a position that has no part in CrossEntropy.
const IgnoredTarget = -1

// CrossEntropy returns the mean next-token loss, in nats, of logits [batch·length, vocab] for the
// windows ids [batch][length] they were computed from: position t predicts ids[b][t+1], and the
// last position of each window predicts nothing.
func CrossEntropy(logits *autograd.Var, ids [][]int) *autograd.Var {
	targets := NextTokens(ids)
	if len(targets) != logits.Value.Dim(0) {
		panic(&tensor.ShapeError{Op: "nn.CrossEntropy", Got: logits.Value.Shape(), Want: []int{len(targets), tensor.AnyDim}, Msg: "one row per token"})
	}
	return autograd.CrossEntropy(logits, targets)
}

// NextTokens returns the target of every position of the windows, one window after the other, with
// IgnoredTarget at the last position of each.
func NextTokens(ids [][]int) []int {
	var targets []int
	for _, w := range ids {
		if len(w) == 0 {
			continue
		}
		targets = append(targets, w[1:]...)
		targets = append(targets, IgnoredTarget)
	}
	return targets
}
