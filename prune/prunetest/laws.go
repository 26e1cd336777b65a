package prunetest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor/linalg"
)

// Laws checks what every solver owes its callers, on random problems with awkward sizes: masks with
// exactly the zeros of the pattern, an untouched problem, results that do not depend on the number of
// threads, a fixed mask left alone, inputs that are always zero or always equal, a single token,
// refusal of NaN, an end when the context is cancelled.
func Laws(t *testing.T, s prune.Solver) {
	patterns := []prune.Pattern{prune.Unstructured(0), prune.Unstructured(0.5), prune.Unstructured(0.73), prune.Unstructured(0.99),
		prune.NM(2, 4), prune.NM(1, 4), prune.NM(4, 8), prune.NM(5, 7), prune.NM(60, 100)}
	for _, shape := range [][2]int{{1, 1}, {1, 9}, {5, 1}, {7, 33}, {130, 65}, {16, 128}, {9, 261}} {
		for _, p := range patterns {
			t.Run(fmt.Sprintf("%d×%d/%v", shape[0], shape[1], p), func(t *testing.T) {
				problem := Random(uint64(shape[1]), shape[0], shape[1], 2*shape[1]+20, p)
				if want := p.Zeros(shape[0], shape[1]); solve(t, s, problem).Mask.Zeros() != want {
					t.Errorf("%d zeros, want %d", solve(t, s, problem).Mask.Zeros(), want)
				}
			})
		}
	}
	t.Run("threads", func(t *testing.T) { sameOnAnyThreads(t, s) })
	t.Run("fixed mask", func(t *testing.T) { keepsFixedMask(t, s) })
	t.Run("dead inputs", func(t *testing.T) { survivesDeadInputs(t, s) })
	t.Run("few tokens", func(t *testing.T) {
		for _, tokens := range []int{1, 2, 10} {
			solve(t, s, Random(3, 20, 40, tokens, prune.Unstructured(0.5)))
			solve(t, s, Random(3, 20, 40, tokens, prune.NM(2, 4)))
		}
	})
	t.Run("equal inputs", func(t *testing.T) { survivesEqualInputs(t, s) })
	t.Run("zero weights", func(t *testing.T) {
		problem := Random(11, 10, 30, 90, prune.Unstructured(0.5))
		problem.W = linalg.New(10, 30)
		solve(t, s, problem)
	})
	t.Run("nothing left", func(t *testing.T) {
		if _, err := prune.Solve(context.Background(), s, Random(12, 10, 30, 90, prune.Unstructured(1))); err == nil {
			t.Error("a sparsity of 1 gave no error")
		}
	})
	t.Run("scale", func(t *testing.T) { solvesAnyScale(t, s) })
	t.Run("bad input", func(t *testing.T) { refusesNaN(t, s) })
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Solve(ctx, Random(4, 8, 16, 64, prune.Unstructured(0.5))); err == nil {
			t.Error("a cancelled context gave no error")
		}
	})
}

// solve runs the solver through prune.Solve, which checks the solution, and checks that the problem is
// as it was.
func solve(t *testing.T, s prune.Solver, p *prune.Problem) *prune.Solution {
	t.Helper()
	w, h, norms := p.W.Clone(), p.H.Clone(), append([]float64(nil), p.SquaredNorms...)
	sol, err := prune.Solve(context.Background(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	if !equal(w.Data, p.W.Data) || !equal(h.Data, p.H.Data) || !equal(norms, p.SquaredNorms) {
		t.Fatal("the solver changed the problem")
	}
	if &sol.W.Data[0] == &p.W.Data[0] {
		t.Fatal("the solution shares its weights with the problem")
	}
	return sol
}

func equal(a, b []float64) bool {
	for i, v := range a {
		if math.Float64bits(v) != math.Float64bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func sameOnAnyThreads(t *testing.T, s prune.Solver) {
	defer parallel.SetThreads(0)
	for _, p := range []prune.Pattern{prune.Unstructured(0.6), prune.NM(2, 4)} {
		problem := Random(5, 200, 300, 400, p)
		parallel.SetThreads(1)
		one := solve(t, s, problem)
		for _, threads := range []int{2, 3, 8} {
			parallel.SetThreads(threads)
			many := solve(t, s, problem)
			if !one.Mask.Equal(many.Mask) || !equal(one.W.Data, many.W.Data) {
				t.Errorf("%v: %d threads give another result than one", p, threads)
			}
		}
	}
}

func keepsFixedMask(t *testing.T, s prune.Solver) {
	problem := Random(6, 12, 40, 100, prune.Unstructured(0.5))
	keep := prune.NewMask(12, 40)
	for i := range 12 {
		for j := range 40 {
			keep.Set(i, j, (i*7+j*j)%3 != 0)
		}
	}
	problem.Keep = keep.Clone()
	sol := solve(t, s, problem) // prune.Solve compares the masks
	if !problem.Keep.Equal(keep) {
		t.Fatal("the solver changed the problem's mask")
	}
	if sol.Mask == problem.Keep {
		t.Fatal("the solution shares its mask with the problem")
	}
}

func survivesDeadInputs(t *testing.T, s prune.Solver) {
	for _, p := range []prune.Pattern{prune.Unstructured(0.5), prune.NM(2, 4)} {
		problem := Random(7, 10, 30, 90, p)
		for _, dead := range []int{0, 4, 5, 6, 7, 29} {
			problem.SquaredNorms[dead], problem.Moments.Sums[dead], problem.Moments.Variances[dead] = 0, 0, 0
			for j := range 30 {
				problem.H.Set(dead, j, 0)
				problem.H.Set(j, dead, 0)
			}
		}
		solve(t, s, problem)
	}
	problem := Random(8, 10, 30, 90, prune.Unstructured(0.5))
	problem.H, problem.SquaredNorms = linalg.New(30, 30), make([]float64, 30)
	solve(t, s, problem)
}

// survivesEqualInputs runs the solver where inputs come in pairs that are always equal, and where all
// are.
func survivesEqualInputs(t *testing.T, s prune.Solver) {
	for _, period := range []int{1, 15} {
		r := Random(13, 10, 30, 90, prune.Unstructured(0.5))
		x, w := make([][]float64, 30), make([][]float64, 10)
		for j := range x {
			x[j] = make([]float64, 8)
			for k := range x[j] {
				x[j][k] = r.W.At(j%period%10, k+j%period/10) // any numbers will do
			}
		}
		for i := range w {
			w[i] = r.W.Row(i)
		}
		for _, p := range []prune.Pattern{prune.Unstructured(0.5), prune.NM(2, 4)} {
			solve(t, s, Problem(w, x, p))
		}
	}
}

// solvesAnyScale runs the solver where activations and weights are very small and very large.
func solvesAnyScale(t *testing.T, s prune.Solver) {
	for _, scale := range []float64{1e-12, 1e12} {
		problem := Random(9, 10, 30, 90, prune.Unstructured(0.5))
		problem.H = linalg.Scale(problem.H, scale)
		problem.SquaredNorms = problem.H.Diag()
		problem.W = linalg.Scale(problem.W, 1/scale)
		solve(t, s, problem)
	}
}

func refusesNaN(t *testing.T, s prune.Solver) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		spoil := map[string]func(p *prune.Problem){"weights": func(p *prune.Problem) { p.W.Set(2, 3, bad) }}
		if s.Needs().Hessian {
			spoil["hessian"] = func(p *prune.Problem) { p.H.Set(2, 3, bad) }
		}
		if s.Needs().SquaredNorms {
			spoil["squared norms"] = func(p *prune.Problem) { p.SquaredNorms[3] = bad }
		}
		if s.Needs().WindowMoments {
			spoil["window moments"] = func(p *prune.Problem) { p.Moments.Sums[3] = bad }
		}
		for what, f := range spoil {
			problem := Random(10, 10, 30, 90, prune.Unstructured(0.5))
			f(problem)
			_, err := prune.Solve(context.Background(), s, problem)
			if err == nil || !strings.Contains(err.Error(), problem.Name) {
				t.Errorf("%v in the %s: error %v, want one that names %s", bad, what, err, problem.Name)
			}
		}
	}
}
