package adagp

import (
	"slices"

	"github.com/adagp/adagp/nn"
)

// The authors' code has one set of constants for feed-forward blocks with a gate and another for those
// without. Here they follow from the shape of the chain.
const (
	gatedPenalty     = 5
	plainPenalty     = 0.1
	plainOutputSteps = 10
)

// PublishedPenalty returns alpha = beta = gamma of the authors' code: 5 for a chain with a gate, 0.1 for others.
func PublishedPenalty(c *nn.Chain) float64 {
	if gated(c) {
		return gatedPenalty
	}
	return plainPenalty
}

// PublishedOutputSteps returns how the authors' code refits the map to the output: by 10 gradient steps in
// a chain without a gate, by regression (0) in one with a gate.
func PublishedOutputSteps(c *nn.Chain) int {
	if gated(c) {
		return 0
	}
	return plainOutputSteps
}

// gated reports whether signals are multiplied with each other, as by SwiGLU.
func gated(c *nn.Chain) bool {
	return slices.ContainsFunc(c.Joins, func(j nn.Join) bool { return len(j.In) > 1 })
}
