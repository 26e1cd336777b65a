package prunetest

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// Laws checks what every solver owes its callers, on random problems with awkward sizes:
//
//   - masks with exactly the zeros of the pattern, an untouched problem, a fixed mask left alone;
//   - sound weights where inputs are always zero or always equal, tokens few, scales extreme; errors for
//     numbers that are none and where nothing would be left;
//   - a loss not far above that of simple rivals that see the same statistics, see [Solver.Needs] of
//     package prune and the law "optimal";
//   - rows and columns in another order give the same solution in that order;
//   - the same bytes with any number of threads, and from several goroutines at once;
//   - the context's error, soon, when it is cancelled before the work or in its middle;
//   - no more memory than the solver's Workspace says, or, without one, than prune.WorkspaceOf guesses.
//
// An option declares what a solver does not owe by its design, and why.
func Laws(t *testing.T, s local.Solver, options ...Option) {
	e := exemptions{}
	for _, o := range options {
		o(&e)
	}
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) { l.check(t, s, e) })
	}
}

// An Option is a declared exemption from a law.
type Option func(*exemptions)

type exemptions struct {
	withoutRival, columnOrder string
	block                     int
}

// WithoutRival declares that the solver's losses are not to be compared with those of the law "optimal", and
// why, as where they are mostly those of rounding.
func WithoutRival(why string) Option { return func(e *exemptions) { e.withoutRival = why } }

// OrderedColumns declares that the solver depends by design on the order of the columns, and why. Such a
// solver owes losses that are near each other in any order, instead of the same solution. If it chooses
// its masks in blocks of columns, block is their width, else 0: its rival then does so too, and losses in
// another order are not compared, since other columns meet in a block.
func OrderedColumns(block int, why string) Option {
	return func(e *exemptions) { e.block, e.columnOrder = block, why }
}

// laws in the order in which they are checked. Each has a solver in the tests that breaks it, but for "nothing
// left" and "bad input": there local.Solve refuses before it asks the solver, and they see that it does.
var laws = []struct {
	name  string
	check func(t testing.TB, s local.Solver, e exemptions)
}{
	{"zeros", plain(hasTheZeros)},
	{"threads", plain(sameOnAnyThreads)},
	{"fixed mask", plain(keepsFixedMask)},
	{"dead inputs", plain(survivesDeadInputs)},
	{"few tokens", plain(survivesFewTokens)},
	{"equal inputs", plain(survivesEqualInputs)},
	{"zero weights", plain(survivesZeroWeights)},
	{"nothing left", plain(refusesToLeaveNothing)},
	{"scale", plain(solvesAnyScale)},
	{"bad input", plain(refusesNaN)},
	{"optimal", isNearRivals},
	{"rows in any order", plain(sameForAnyRows)},
	{"columns in any order", sameForAnyColumns},
	{"concurrent", plain(sameFromManyGoroutines)},
	{"cancelled", plain(endsWhenCancelled)},
	{"workspace", plain(keepsToItsWorkspace)},
}

// plain is a law without exemptions.
func plain(check func(t testing.TB, s local.Solver)) func(testing.TB, local.Solver, exemptions) {
	return func(t testing.TB, s local.Solver, _ exemptions) {
		t.Helper()
		check(t, s)
	}
}

func hasTheZeros(t testing.TB, s local.Solver) {
	patterns := []sparsity.Pattern{sparsity.Unstructured(0), sparsity.Unstructured(0.5), sparsity.Unstructured(0.73), sparsity.Unstructured(0.99),
		sparsity.NM(2, 4), sparsity.NM(1, 4), sparsity.NM(4, 8), sparsity.NM(5, 7), sparsity.NM(60, 100)}
	for _, shape := range [][2]int{{1, 1}, {1, 9}, {5, 1}, {7, 33}, {130, 65}, {16, 128}, {9, 261}} {
		for _, p := range patterns {
			problem := Random(uint64(shape[1]), shape[0], shape[1], 2*shape[1]+20, p)
			if got, want := solve(t, s, problem).Mask.Zeros(), p.Zeros(shape[0], shape[1]); got != want {
				t.Errorf("%d×%d, %v: %d zeros, want %d", shape[0], shape[1], p, got, want)
			}
		}
	}
}

func survivesFewTokens(t testing.TB, s local.Solver) {
	for _, tokens := range []int{1, 2, 10} {
		solve(t, s, Random(3, 20, 40, tokens, sparsity.Unstructured(0.5)))
		solve(t, s, Random(3, 20, 40, tokens, sparsity.NM(2, 4)))
	}
}

func survivesZeroWeights(t testing.TB, s local.Solver) {
	problem := Random(11, 10, 30, 90, sparsity.Unstructured(0.5))
	problem.W = linalg.New(10, 30)
	solve(t, s, problem)
}

func refusesToLeaveNothing(t testing.TB, s local.Solver) {
	if _, err := local.Solve(context.Background(), s, Random(12, 10, 30, 90, sparsity.Unstructured(1))); err == nil {
		t.Error("a sparsity of 1 gave no error")
	}
}

// solve runs the solver through local.Solve, which checks the solution, and checks that the problem is
// as it was.
func solve(t testing.TB, s local.Solver, p *local.Problem) *local.Solution {
	t.Helper()
	w, h, norms := p.W.Clone(), p.H.Clone(), append([]float64(nil), p.SquaredNorms...)
	sol, err := local.Solve(context.Background(), s, p)
	if err != nil {
		t.Fatalf("%d×%d, %v: %v", p.W.Rows, p.W.Cols, p.Pattern, err)
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

func sameOnAnyThreads(t testing.TB, s local.Solver) {
	defer parallel.SetThreads(0)
	for _, p := range []sparsity.Pattern{sparsity.Unstructured(0.6), sparsity.NM(2, 4)} {
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

func keepsFixedMask(t testing.TB, s local.Solver) {
	problem := Random(6, 12, 40, 100, sparsity.Unstructured(0.5))
	keep := sparsity.NewMask(12, 40)
	for i := range 12 {
		for j := range 40 {
			keep.Set(i, j, (i*7+j*j)%3 != 0)
		}
	}
	problem.Keep = keep.Clone()
	sol := solve(t, s, problem) // local.Solve compares the masks
	if !problem.Keep.Equal(keep) {
		t.Fatal("the solver changed the problem's mask")
	}
	if sol.Mask == problem.Keep {
		t.Fatal("the solution shares its mask with the problem")
	}
}

func survivesDeadInputs(t testing.TB, s local.Solver) {
	for _, p := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.NM(2, 4)} {
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
	problem := Random(8, 10, 30, 90, sparsity.Unstructured(0.5))
	problem.H, problem.SquaredNorms = linalg.New(30, 30), make([]float64, 30)
	solve(t, s, problem)
}

// survivesEqualInputs runs the solver where inputs come in pairs that are always equal, and where all
// are.
func survivesEqualInputs(t testing.TB, s local.Solver) {
	for _, period := range []int{1, 15} {
		r := Random(13, 10, 30, 90, sparsity.Unstructured(0.5))
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
		for _, p := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.NM(2, 4)} {
			solve(t, s, Problem(w, x, p))
		}
	}
}

// solvesAnyScale runs the solver where activations and weights are very small and very large.
func solvesAnyScale(t testing.TB, s local.Solver) {
	for _, scale := range []float64{1e-12, 1e12} {
		problem := Random(9, 10, 30, 90, sparsity.Unstructured(0.5))
		problem.H = linalg.Scale(problem.H, scale)
		problem.SquaredNorms = problem.H.Diag()
		problem.W = linalg.Scale(problem.W, 1/scale)
		solve(t, s, problem)
	}
}

func refusesNaN(t testing.TB, s local.Solver) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		spoil := map[string]func(p *local.Problem){"weights": func(p *local.Problem) { p.W.Set(2, 3, bad) }}
		if s.Needs().Hessian {
			spoil["hessian"] = func(p *local.Problem) { p.H.Set(2, 3, bad) }
		}
		if s.Needs().SquaredNorms {
			spoil["squared norms"] = func(p *local.Problem) { p.SquaredNorms[3] = bad }
		}
		if s.Needs().WindowMoments {
			spoil["window moments"] = func(p *local.Problem) { p.Moments.Sums[3] = bad }
		}
		for what, f := range spoil {
			problem := Random(10, 10, 30, 90, sparsity.Unstructured(0.5))
			f(problem)
			_, err := local.Solve(context.Background(), s, problem)
			if err == nil || !strings.Contains(err.Error(), problem.Name) {
				t.Errorf("%v in the %s: error %v, want one that names %s", bad, what, err, problem.Name)
			}
		}
	}
}
