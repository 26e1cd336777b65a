package ria

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/tensor/linalg"
)

func TestRecorded(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "ria") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				s, err := local.Solve(context.Background(), Solver{Power: DefaultPower}, p)
				if err != nil {
					t.Fatal(err)
				}
				// The weights that stay are those of the dense layer.
				prunetest.Check(t, s, c.Keep, c.Weights, 0)
			})
		}
	}
}

// TestScore: two rows whose numbers can be followed by hand.
func TestScore(t *testing.T) {
	w := linalg.FromSlice([]float64{1, -3, 0, 3, 1, 0}, 2, 3)
	got := Solver{Power: 0.5}.Score(w, []float64{16, 1, 9})
	want := []float64{
		(1./4 + 1./4) * 2, (3./4 + 3./4) * 1, 0,
		(3./4 + 3./4) * 2, (1./4 + 1./4) * 1, 0,
	}
	for k, v := range want {
		if math.Abs(got.Data[k]-v) > 1e-15 {
			t.Errorf("score [%d %d] is %g, want %g", k/3, k%3, got.Data[k], v)
		}
	}
}

func TestLaws(t *testing.T) { prunetest.Laws(t, Solver{Power: DefaultPower}) }
