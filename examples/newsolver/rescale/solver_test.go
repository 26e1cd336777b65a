package rescale

import (
	"context"
	"testing"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/wanda"
)

// TestLaws checks what every solver owes its callers. What that asks of this one: exactly the zeros of the
// pattern, whatever the shape; the problem left as it is, and a mask that is given kept; finite weights
// where inputs are dead, equal, few, tiny or huge; a loss of at most three times that of Wanda's mask
// with least-squares weights, as it asks for the Hessian; the same solution, in the other order, when rows
// or columns change places; the same bytes on any number of threads and from several goroutines at once,
// so nothing kept between calls; the context's error when that is cancelled, also in the middle of the
// work; no more memory than prune.WorkspaceOf guesses. A random mask of the right size fails.
func TestLaws(t *testing.T) { prunetest.Laws(t, Solver{}) }

// TestBeatsWanda: the factor can only help.
func TestBeatsWanda(t *testing.T) {
	for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.Unstructured(0.9), sparsity.NM(2, 4)} {
		p := prunetest.Random(1, 30, 60, 200, pattern)
		ours, err := local.Solve(context.Background(), Solver{}, p)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := local.Solve(context.Background(), wanda.Solver{}, p)
		if err != nil {
			t.Fatal(err)
		}
		if !ours.Mask.Equal(plain.Mask) || !(prunetest.Loss(p, ours) < prunetest.Loss(p, plain)) {
			t.Errorf("%v: loss %g, Wanda's %g on the same mask", pattern, prunetest.Loss(p, ours), prunetest.Loss(p, plain))
		}
	}
}
