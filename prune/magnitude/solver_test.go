package magnitude

import (
	"context"
	"fmt"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

func TestRecorded(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "magnitude") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				pattern := sparsity.Unstructured(c.Sparsity)
				if c.NM != nil {
					pattern = sparsity.NM(c.NM[0], c.NM[1])
				}
				p := prunetest.Problem(layer.W, layer.X, pattern)
				s, err := local.Solve(context.Background(), Solver{}, p)
				if err != nil {
					t.Fatal(err)
				}
				// Nothing is computed that could round.
				prunetest.Check(t, s, c.Keep, c.Weights, 0)
			})
		}
	}
}

func TestLaws(t *testing.T) { prunetest.Laws(t, Solver{}) }
