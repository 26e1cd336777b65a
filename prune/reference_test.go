package prune_test

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"testing"

	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
)

// windowsOf reads recorded token windows: little-endian uint16, 256 to a window.
func windowsOf(t testing.TB, path string) [][]int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	windows := make([][]int, len(b)/512)
	for i := range windows {
		for k := range 256 {
			windows[i] = append(windows[i], int(binary.LittleEndian.Uint16(b[i*512+2*k:])))
		}
	}
	return windows
}

// prunedPerplexity prunes the model in memory and measures it on the evaluation windows.
func prunedPerplexity(t *testing.T, path string, calib, held [][]int, o prune.Options) float64 {
	t.Helper()
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := prune.Run(context.Background(), m, calib, o, nil); err != nil {
		t.Fatal(err)
	}
	r, err := eval.Perplexity(context.Background(), m, held, eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Perplexity
}

// wandaPublished rounds the zeros of every row down, as the authors' code does; ours are exact in
// total. On rows of 64 weights that is 0.6875 instead of 0.7, and this small model feels it.
type wandaPublished struct{ solver prune.Solver }

func (m wandaPublished) PruneLayer(ctx context.Context, l *prune.Layer) error {
	stats, err := l.Capture(ctx, m.solver.Needs())
	if err != nil {
		return err
	}
	for _, lin := range l.Selected() {
		p := l.Problem(lin, stats[lin])
		c := float64(lin.In())
		p.Pattern.Sparsity = math.Floor(c*publishedSparsity) / c
		s, err := prune.Solve(ctx, m.solver, p)
		if err != nil {
			return err
		}
		if err := l.Set(lin, s); err != nil {
			return err
		}
	}
	return nil
}

const publishedSparsity = 0.7

func init() {
	prune.RegisterMethod("test-wanda-published", "rows rounded down", func(prune.MethodOptions) (prune.Method, error) {
		s, err := prune.NewSolver("wanda", prune.SolverOptions{})
		return wandaPublished{s}, err
	})
}

type reference struct {
	model     string
	sparsity  float64
	method    string
	paper     bool
	want      float64 // perplexity by the authors' code, seed 0
	tolerance float64 // relative
}

// Baselines follow their published code up to ties and the rounding of counts: 5 %. AdaGP prunes
// four times in a row, each time from refitted weights, and what rounding does to a mask early moves
// the result about as much as another calibration seed: 10 %.
var references = []reference{
	{"stories260k", 0.7, "magnitude", false, 325, 0.05},
	{"stories260k", 0.6875, "test-wanda-published", false, 132, 0.05},
	{"stories260k", 0.7, "sparsegpt", false, 112, 0.05},
	{"stories260k", 0.7, "adagp", true, 119, 0.10},
}

func (r reference) check(t *testing.T, path, calib, held string) {
	t.Helper()
	o := prune.Options{Method: r.method, Paper: r.paper, Pattern: prune.Unstructured(r.sparsity)}
	got := prunedPerplexity(t, path, windowsOf(t, calib), windowsOf(t, held), o)
	t.Logf("%s, %s (paper %v) at %v: perplexity %.2f, reference %.2f", r.model, r.method, r.paper, r.sparsity, got, r.want)
	if math.Abs(got-r.want) > r.tolerance*r.want {
		t.Errorf("%s, %s at %v: perplexity %.3f, want %.2f ± %g %%", r.model, r.method, r.sparsity, got, r.want, 100*r.tolerance)
	}
}

func TestReferencePerplexity(t *testing.T) {
	if testing.Short() {
		t.Skip("prunes and evaluates a whole model four times")
	}
	for _, r := range references {
		r.check(t, golden.Path("models/"+r.model), golden.Path("prune/ids/"+r.model+"_calib_seed0.u16"), golden.Path("prune/ids/"+r.model+"_eval.u16"))
	}
}
