package rescale

import (
	"context"
	"testing"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/wanda"
)

// TestLaws checks what every solver owes its callers.
func TestLaws(t *testing.T) { prunetest.Laws(t, Solver{}) }

// TestBeatsWanda: the factor can only help.
func TestBeatsWanda(t *testing.T) {
	for _, pattern := range []prune.Pattern{prune.Unstructured(0.5), prune.Unstructured(0.9), prune.NM(2, 4)} {
		p := prunetest.Random(1, 30, 60, 200, pattern)
		ours, err := prune.Solve(context.Background(), Solver{}, p)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := prune.Solve(context.Background(), wanda.Solver{}, p)
		if err != nil {
			t.Fatal(err)
		}
		if !ours.Mask.Equal(plain.Mask) || !(prunetest.Loss(p, ours) < prunetest.Loss(p, plain)) {
			t.Errorf("%v: loss %g, Wanda's %g on the same mask", pattern, prunetest.Loss(p, ours), prunetest.Loss(p, plain))
		}
	}
}
