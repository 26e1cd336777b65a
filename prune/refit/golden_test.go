package refit

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func TestRecordedExact(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "refit_exact") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				p.Keep = prunetest.Mask(c.Keep)
				s, err := local.Solve(context.Background(), Solver{Exact: true, DampFrac: -1}, p)
				if err != nil {
					t.Fatal(err)
				}
				// A condition number near 1e4 in float64.
				prunetest.Check(t, s, c.Keep, c.Weights, 1e-9)
				checkLoss(t, p, s, c.Loss)
				// The recorded mask is that of the Wanda rule, which the solver finds by itself.
				p.Keep = nil
				if s, err = local.Solve(context.Background(), Solver{Exact: true, DampFrac: -1}, p); err != nil {
					t.Fatal(err)
				}
				prunetest.Check(t, s, c.Keep, c.Weights, 1e-9)
			})
		}
	}
}

func TestRecordedCG(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "refit_cg") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				p.Keep = prunetest.Mask(c.Keep)
				s, err := local.Solve(context.Background(), Solver{Iterations: c.Iters, DampFrac: c.Ridge / p.H.MeanDiag()}, p)
				if err != nil {
					t.Fatal(err)
				}
				// Ten steps of conjugate gradients enlarge the rounding of every step.
				prunetest.Check(t, s, c.Keep, c.Weights, 1e-9)
				checkLoss(t, p, s, c.Loss)
			})
		}
	}
}

func checkLoss(t *testing.T, p *local.Problem, s *local.Solution, want float64) {
	t.Helper()
	if got := prunetest.Loss(p, s); !(math.Abs(got-want) <= 1e-9*want) {
		t.Errorf("loss %.12g, want %.12g", got, want)
	}
}

func TestRecordedLeastSquares(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		p := prunetest.Problem(layer.W, layer.X, sparsity.Pattern{})
		cross := linalg.MulNT(linalg.Mul(p.W, prunetest.Matrix(layer.Asymmetric.XDense)), prunetest.Matrix(layer.X))
		w, ridge, err := LeastSquares(context.Background(), p, cross, layer.Asymmetric.RidgeFraction)
		if err != nil {
			t.Fatal(err)
		}
		if ridge != layer.Asymmetric.RidgeFraction {
			t.Errorf("seed %d: ridge %g, want %g", seed, ridge, layer.Asymmetric.RidgeFraction)
		}
		prunetest.Check(t, &local.Solution{W: w}, nil, layer.Asymmetric.WStar, 1e-11)
	}
}
