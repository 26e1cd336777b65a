package adagp_test

import (
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
)

// The constants of the authors' code follow from the shape of a block: those for OPT from one without a gate,
// those for LLaMA from one with a gate.
func TestPublishedConstants(t *testing.T) {
	for _, tc := range []struct {
		name    string
		chain   *nn.Chain
		penalty float64
		steps   int
	}{
		{"no gate", &nn.Chain{Joins: []nn.Join{{Activation: nn.ReLU, In: []string{"z"}, Out: "a"}}}, 0.1, 10},
		{"gate", &nn.Chain{Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}}, 5, 0},
	} {
		if p, n := adagp.Published(tc.chain); p != tc.penalty || n != tc.steps {
			t.Errorf("%s: penalty %v and %d steps, want %v and %d", tc.name, p, n, tc.penalty, tc.steps)
		}
	}
}

func publishedSteps(c *nn.Chain) int {
	_, steps := adagp.Published(c)
	return steps
}
