package prune_test

import (
	"context"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
)

// rowsDown is Wanda with the authors' counts: the zeros of every row are rounded down, each by itself;
// ours are exact in total. On rows of 64 weights that is 0.6875 instead of 0.7, and a small model feels it.
type rowsDown struct {
	solver   local.Solver
	sparsity float64
}

func (m rowsDown) Describe() prune.Description { return prune.Description{Name: "rows-down"} }

func (m rowsDown) Wants(*prune.Options) prune.Wants { return prune.Wants{Statistics: m.solver.Needs()} }

func (m rowsDown) PruneLayer(ctx context.Context, l *prune.Layer) error {
	stats, err := l.Capture(ctx, m.solver.Needs())
	if err != nil {
		return err
	}
	for _, lin := range l.Selected() {
		p := l.Problem(lin, stats[lin])
		p.Pattern.Sparsity = math.Floor(float64(lin.In())*m.sparsity) / float64(lin.In())
		s, err := local.Solve(ctx, m.solver, p)
		if err != nil {
			return err
		}
		if err := l.Set(lin, s); err != nil {
			return err
		}
	}
	return nil
}

// emptyTail is a solver with the authors' counts behind the last group of an N:M pattern: what is left
// over there loses N weights as well, ours a share.
type emptyTail struct{ local.Solver }

func (s emptyTail) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	sol, err := s.Solver.Solve(ctx, p)
	in, tail := p.W.Cols, p.Pattern.Tail(p.W.Cols)
	if err != nil || tail == 0 || tail > p.Pattern.N {
		return sol, err
	}
	// The mask in front of the tail does not depend on it, so that it can be solved for once more.
	q := *p
	q.Keep = sol.Mask.Clone()
	for i := range p.W.Rows {
		for j := in - tail; j < in; j++ {
			q.Keep.Set(i, j, false)
		}
	}
	return s.Solver.Solve(ctx, &q)
}

// TestPublishedCounts: on the model whose rows are so short that counts matter, results are the authors'
// as soon as counts are.
func TestPublishedCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("prunes and evaluates a whole model nine times")
	}
	check := func(name string, o prune.Options, want, tolerance float64) {
		t.Helper()
		ids := golden.Path("prune/ids/stories260k")
		got := prunedPerplexity(t, golden.Path("models/stories260k"), windowsOf(t, ids+"_calib_seed0.u16"), windowsOf(t, ids+"_eval.u16"), o)
		t.Logf("%s: perplexity %.2f, reference %.2f (%+.1f %%)", name, got, want, 100*(got/want-1))
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s: perplexity %.3f, want %.2f ± %g %%", name, got, want, 100*tolerance)
		}
	}
	for s, want := range map[float64]float64{0.5: 18.76, 0.6: 51.77, 0.7: 132, 0.8: 766, 0.9: 2302} {
		shortest := sparsity.Unstructured(math.Floor(64*s) / 64) // rows with the fewest zeros
		check("wanda", prune.Options{Method: rowsDown{prunetest.Solver("wanda"), s}, Pattern: shortest}, want, 0.01)
	}
	for solver, want := range map[string]float64{"magnitude": 81.13, "wanda": 39.55, "sparsegpt": 24.34} {
		check(solver+" 4:8", prune.Options{Method: prune.Local(emptyTail{prunetest.Solver(solver)}), Pattern: sparsity.NM(4, 8)}, want, 0.01)
	}
	m, err := adagp.NewPaper(adagp.PaperSettings{Solver: emptyTail{sparsegpt.Solver{}}})
	if err != nil {
		t.Fatal(err)
	}
	check("adagp 4:8", prune.Options{Method: m, Pattern: sparsity.NM(4, 8)}, 23.02, 0.05) // four times in a row, see TestReferencePerplexity
}
