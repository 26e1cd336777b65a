package adagp_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
)

// energy is a statistic of a user's own, of which the Hessian that the same problem has tells what it should be: the
// squared norm of each input.
type energy struct{ calib.Squares }

func (e *energy) Merge(o calib.Sum) error { return e.Squares.Merge(&o.(*energy).Squares) }

// energetic is a solver of a user's own: Wanda by the statistic above.
type energetic struct {
	problems *int
	wrong    *error
}

func (energetic) Describe() local.Description { return local.Description{Name: "test-energetic"} }

func (energetic) Needs() local.Needs {
	return local.Needs{Hessian: true, More: []calib.Kind{{Name: "energy", New: func(inputs int) calib.Sum {
		return &energy{*calib.NewSquares(inputs)}
	}}}}
}

func (s energetic) Solve(_ context.Context, p *local.Problem) (*local.Solution, error) {
	*s.problems++
	sums := p.More["energy"].(*energy).Sums
	for j, want := range p.H.Diag() {
		if math.Abs(sums[j]-want) > 1e-5*want+1e-9 { // products are float32 there
			*s.wrong = fmt.Errorf("%s: the statistic of input %d is %g, want %g", p.Name, j, sums[j], want)
		}
	}
	q := *p
	q.SquaredNorms = sums
	mask, err := q.Select(q.Saliency(), sparsity.RowScope)
	if err != nil {
		return nil, err
	}
	return p.Masked(mask), nil
}

// A local solver finds the statistics that it asks for in every problem: of groups, with windows held out; of the
// matrices of a chain, in the dense network and in every epoch; and of what is pruned beside the chain.
func TestStatisticsOfTheSolver(t *testing.T) {
	for _, tc := range []struct {
		name     string
		method   func(s local.Solver) (prune.Method, error)
		problems int // of the two layers, each of seven matrices
	}{
		{"groups", func(s local.Solver) (prune.Method, error) { return adagp.New(adagp.Settings{Solver: s}), nil }, 14},
		{"published, ridge", func(s local.Solver) (prune.Method, error) {
			return adagp.NewPaper(adagp.PaperSettings{Solver: s, Epochs: 3, Ridge: 0.01})
		}, 2 * (4 + 3*3)},
		{"published, no ridge", func(s local.Solver) (prune.Method, error) {
			return adagp.NewPaper(adagp.PaperSettings{Solver: s, Epochs: 2})
		}, 2 * (4 + 2*3)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var problems int
			var wrong error
			m, err := tc.method(energetic{&problems, &wrong})
			if err != nil {
				t.Fatal(err)
			}
			pruned(t, golden.Path("models/rand-llama-bias"), countedWindows(96), prune.Options{Method: m, Pattern: sparsity.Unstructured(0.5)})
			if wrong != nil {
				t.Error(wrong)
			}
			if problems != tc.problems {
				t.Errorf("%d problems, want %d", problems, tc.problems)
			}
		})
	}
}
