package prune_test

import (
	"context"
	"encoding/binary"
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
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

// pilingDamping is SparseGPT as the authors' AdaGP code really runs it: that keeps the damped Hessian
// of the maps that read the block's input and damps it again in every epoch. Nothing in the paper asks
// for it, and where the block's input is nearly rank deficient (opt-mini) it costs perplexity.
type pilingDamping struct{ calls map[string]int }

func (pilingDamping) Describe() local.Description {
	return local.Description{Name: "test-piling-damping"}
}

func (pilingDamping) Needs() local.Needs { return local.Needs{Hessian: true} }

func (s pilingDamping) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	s.calls[p.Name]++
	epochs := s.calls[p.Name]
	if strings.Contains(p.Name, "fc2") || strings.Contains(p.Name, "down_proj") {
		epochs = 1 // their Hessian is summed anew in every epoch
	}
	return sparsegpt.Solver{DampFrac: math.Pow(1.01, float64(epochs)) - 1}.Solve(ctx, p)
}

func init() {
	registry.Solver("test-piling-damping", "damping as in the authors' AdaGP code", func(*flag.FlagSet) func() (local.Solver, error) {
		return func() (local.Solver, error) { return pilingDamping{map[string]int{}}, nil }
	})
}

// reference is a perplexity by the authors' code with calibration seed 0.
type reference struct {
	model, pattern, method, solver string
	want, tolerance                float64 // tolerance relative
}

// settings returns the method; only AdaGP has a local solver to name.
func (r reference) settings() prune.Method {
	if r.method == "adagp" {
		return prunetest.Method(r.method, "solver", r.solver, "paper", true)
	}
	return prunetest.Method(r.method)
}

func (r reference) check(t *testing.T, path, calib, held string) {
	t.Helper()
	p, err := sparsity.ParsePattern(r.pattern)
	if err != nil {
		t.Fatal(err)
	}
	o := prune.Options{Method: r.settings(), Pattern: p}
	got := prunedPerplexity(t, path, windowsOf(t, calib), windowsOf(t, held), o)
	t.Logf("%s %s %s %s: perplexity %.2f, reference %.2f (%+.1f %%)", r.model, r.pattern, r.method, r.solver, got, r.want, 100*(got/r.want-1))
	if math.Abs(got-r.want) > r.tolerance*r.want {
		t.Errorf("%s %s %s: perplexity %.3f, want %.2f ± %g %%", r.model, r.pattern, r.method, got, r.want, 100*r.tolerance)
	}
}

// Baselines follow their published code up to ties and the rounding of counts: 5 %. AdaGP prunes
// four times in a row, each time from refitted weights, and what rounding does to a mask early moves
// the result about as much as another calibration seed: 10 %.
func TestReferencePerplexity(t *testing.T) {
	if testing.Short() {
		t.Skip("prunes and evaluates a whole model three times")
	}
	for _, r := range []reference{
		{"stories260k", "0.7", "magnitude", "", 325, 0.05},
		{"stories260k", "0.7", "sparsegpt", "", 112, 0.05},
		{"stories260k", "0.7", "adagp", "", 119, 0.10},
	} {
		r.check(t, golden.Path("models/"+r.model), golden.Path("prune/ids/"+r.model+"_calib_seed0.u16"), golden.Path("prune/ids/"+r.model+"_eval.u16"))
	}
}

// The whole table takes about ten minutes of two cores and models that are not in the repository; set
// ADAGP_REFERENCE=1 for it. At 0.9 the models are ruined, perplexities are in the hundreds, and which of
// two nearly equal weights goes first shows: three times the tolerance there.
func TestReferenceTable(t *testing.T) {
	if os.Getenv("ADAGP_REFERENCE") == "" {
		t.Skip("ADAGP_REFERENCE is not set")
	}
	patterns := []string{"0.5", "0.7", "0.8", "0.9", "2:4", "4:8"}
	for _, row := range []struct {
		model, method, solver string
		tolerance             float64
		want                  [6]float64 // one per pattern, 0: not measured
	}{
		{"llama-mini", "magnitude", "", 0.05, [6]float64{20.76, 29.76, 69.60, 688, 22.78, 21.82}},
		{"llama-mini", "wanda", "", 0.05, [6]float64{20.59, 29.59, 69.74, 787, 22.94, 21.60}},
		{"llama-mini", "sparsegpt", "", 0.05, [6]float64{20.36, 27.83, 62.38, 570, 22.16, 21.15}},
		{"llama-mini", "adagp", "test-piling-damping", 0.10, [6]float64{0, 26.33, 45.79, 299, 21.79, 0}},
		{"opt-mini", "magnitude", "", 0.05, [6]float64{32.86, 40.89, 62.26, 239, 41.06, 38.17}},
		{"opt-mini", "wanda", "", 0.05, [6]float64{0, 0, 90.77, 374, 0, 0}},
		{"opt-mini", "sparsegpt", "", 0.05, [6]float64{32.28, 36.89, 49.17, 128, 35.20, 33.96}},
		{"opt-mini", "adagp", "test-piling-damping", 0.10, [6]float64{0, 0, 148, 1028, 36.10, 0}},
		// Not 4:8: 172 inputs leave a tail of four columns, which the authors' code empties and we halve
		// (SparseGPT 24.34 and 17.59).
		{"stories260k", "adagp", "test-piling-damping", 0.10, [6]float64{15.70, 119, 276, 1074, 29.53, 0}},
		{"stories260k", "sparsegpt", "", 0.05, [6]float64{16.18, 112, 274, 2200, 29.11, 0}},
	} {
		path := golden.Shared(t, "models/"+row.model)
		for i, want := range row.want {
			tolerance := row.tolerance
			if patterns[i] == "0.9" {
				tolerance *= 3
			}
			if want != 0 {
				reference{row.model, patterns[i], row.method, row.solver, want, tolerance}.check(t, path,
					golden.Shared(t, "golden/prune/ids/"+row.model+"_calib_seed0.u16"), golden.Shared(t, "golden/prune/ids/"+row.model+"_eval.u16"))
			}
		}
	}
}
