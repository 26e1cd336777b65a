package adagp_test

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// idsOf reads recorded token windows: little-endian uint16, 256 to a window.
func idsOf(t testing.TB, path string) [][]int {
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

// pruned prunes the model in memory.
func pruned(t testing.TB, path string, windows [][]int, o prune.Options) (*models.Model, *prune.Report) {
	t.Helper()
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	r, err := prune.Run(context.Background(), m, windows, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

// plusReference is a perplexity of the reference implementation in PyTorch, calibration seed 0.
type plusReference struct {
	model, pattern, allocation, preset string
	want, tolerance                    float64 // relative; what is better passes
	exact                              bool    // better does not pass either
}

func (r plusReference) check(t *testing.T, path, calib, held string) {
	t.Helper()
	p, err := sparsity.ParsePattern(r.pattern)
	if err != nil {
		t.Fatal(err)
	}
	m, report := pruned(t, path, idsOf(t, calib), prune.Options{Method: prunetest.Method("adagp", "preset", r.preset), Pattern: p, Allocation: r.allocation})
	got, err := eval.Perplexity(context.Background(), m, idsOf(t, held), eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s %s %s %s: perplexity %.3f, reference %.3f (%+.1f %%)", r.model, r.pattern, r.allocation, r.preset, got.Perplexity, r.want, 100*(got.Perplexity/r.want-1))
	if !(got.Perplexity <= r.want*(1+r.tolerance)) || r.exact && got.Perplexity < r.want*(1-r.tolerance) {
		t.Errorf("%s %s %s %s: perplexity %.3f, want %.3f ± %g %%", r.model, r.pattern, r.allocation, r.preset, got.Perplexity, r.want, 100*r.tolerance)
	}
	checkNotes(t, report)
}

// checkNotes makes sure that every matrix has its objectives in the report, the last of them below
// that of a matrix of zeros.
func checkNotes(t *testing.T, r *prune.Report) {
	t.Helper()
	for _, l := range r.Layers {
		for _, tensor := range l.Tensors {
			parts := strings.Split(tensor.Name, ".")
			name := parts[len(parts)-2]
			i := slices.IndexFunc(l.Objective, func(n prune.Note) bool { return n.Step == name+" pruned" })
			if i < 0 || !(l.Objective[i].Value >= 0 && l.Objective[i].Value < 1) {
				t.Errorf("layer %d: no objective below 1 for %s in %v", l.Index, name, l.Objective)
			}
		}
	}
}

// Masks, once the first of them differ by the last bits of float32 sums, drift apart: rows agree to a
// percent or two at moderate sparsity, to the digit where they do not.
func TestPlusReference(t *testing.T) {
	if testing.Short() {
		t.Skip("prunes and evaluates a whole model several times")
	}
	for _, r := range []plusReference{
		{"stories260k", "0.7", "uniform", "fast", 18.812, 0.03, true},
		{"stories260k", "2:4", "", "fast", 11.304, 0.03, true},
		{"stories260k", "0.7", "fisher", "fast", 17.455, 0.03, false},
		{"stories260k", "0.8", "", "fast", 31.012, 0.03, false},
		{"stories260k", "0.7", "", "balanced", 10.26, 0.03, false},
	} {
		r.check(t, golden.Path("models/"+r.model), golden.Path("prune/ids/"+r.model+"_calib_seed0.u16"), golden.Path("prune/ids/"+r.model+"_eval.u16"))
	}
}

func TestPlusReferenceShared(t *testing.T) {
	if testing.Short() {
		t.Skip("prunes and evaluates whole models")
	}
	for _, r := range []plusReference{
		{"llama-mini", "0.8", "", "fast", 23.20, 0.03, false},
		{"opt-mini", "0.8", "", "fast", 34.40, 0.03, false},
	} {
		ids := golden.Shared(t, "golden/prune/ids") + "/" + r.model
		r.check(t, golden.Shared(t, "models/"+r.model), ids+"_calib_seed0.u16", ids+"_eval.u16")
	}
}

// Everything that a preset can do, on norms behind the sub-blocks, with biases and without: masks and
// counts hold, what is kept is never worse on held-out windows, and threads do not matter.
func TestEveryStep(t *testing.T) {
	defer parallel.SetThreads(0)
	for _, name := range []string{"rand-opt350", "rand-opt-nobias", "rand-llama-bias"} {
		t.Run(name, func(t *testing.T) {
			var windows [][]int
			for i := range 16 {
				w := make([]int, 24)
				for k := range w {
					w[k] = (i*i*7 + k*(3+i%5)) % 96
				}
				windows = append(windows, w)
			}
			var first []float32
			for _, threads := range []int{1, 3} {
				parallel.SetThreads(threads)
				m, r := pruned(t, golden.Path("models/"+name), windows, prune.Options{Method: prunetest.Method("adagp", "preset", "best", "epochs", 2), Pattern: sparsity.Unstructured(0.6)})
				if math.Abs(r.Totals.Sparsity-0.6) > 1e-3 {
					t.Errorf("sparsity %v", r.Totals.Sparsity)
				}
				checkNotes(t, r)
				for _, l := range r.Layers {
					notes := map[string]float64{}
					for _, n := range l.Objective {
						notes[n.Step] = float64(n.Value)
					}
					for _, step := range []string{"chain before refinement", "chain refined 2", "block before tuning", "block tuned"} {
						if _, ok := notes[step]; !ok {
							t.Errorf("layer %d: no objective of %q in %v", l.Index, step, l.Objective)
						}
					}
					if notes["block tuned"] > notes["block before tuning"] {
						t.Errorf("layer %d: tuning from %g to %g", l.Index, notes["block before tuning"], notes["block tuned"])
					}
				}
				if len(r.Finish) != 2 || r.Finish[1].Value > r.Finish[0].Value {
					t.Errorf("finish %v", r.Finish)
				}
				var all []float32
				for _, l := range m.Layers() {
					for _, lin := range l.Linears() {
						all = append(all, lin.Weight.Value().Data()...)
					}
				}
				if first == nil {
					first = all
				} else if !slices.Equal(first, all) {
					t.Errorf("%d threads give other weights than one", threads)
				}
			}
		})
	}
}

func TestPresets(t *testing.T) {
	for _, tc := range []struct {
		settings registry.Settings
		solver   string
		want     map[string]any
	}{
		{nil, "admm", map[string]any{"preset": "balanced", "tune_epochs": 2, "global_epochs": 2, "epochs": 0, "ridge": 0.01}},
		{registry.Settings{"preset": "fast"}, "admm-patient", map[string]any{"preset": "fast", "tune_epochs": 0, "global_epochs": 0}},
		{registry.Settings{"preset": "fast", "epochs": "5", "beta": "7"}, "admm-patient", map[string]any{"epochs": 5, "beta": 7.0, "alpha": 1.0}},
		{registry.Settings{"preset": "best"}, "alps", map[string]any{"preset": "best", "epochs": 3}},
		{registry.Settings{"preset": "best", "solver": "sparsegpt", "damp": "0.5"}, "sparsegpt", map[string]any{"preset": "best", "damp": 0.5}},
		{registry.Settings{"paper": "true"}, "sparsegpt", map[string]any{"paper": true}},
	} {
		m, err := registry.New("adagp", tc.settings)
		if err != nil {
			t.Fatal(err)
		}
		d := m.Describe()
		if d.Solver != tc.solver {
			t.Errorf("%v: solver %s, want %s", tc.settings, d.Solver, tc.solver)
		}
		for k, w := range tc.want {
			if d.Settings[k] != w {
				t.Errorf("%v: %s is %v, want %v", tc.settings, k, d.Settings[k], w)
			}
		}
	}
	for want, settings := range map[string]registry.Settings{
		"preset slow: want one of fast, balanced, best":           {"preset": "slow"},
		"epochs -1: want a whole number of at least 1":            {"epochs": "-1"},
		"alpha +Inf: want a positive number":                      {"alpha": "+Inf"},
		"paper and preset fast exclude each other":                {"paper": "true", "preset": "fast"},
		"solver sparse: want one of admm, ":                       {"solver": "sparse"},
		"block-size: solver wanda has no such setting":            {"solver": "wanda", "block-size": "4"},
		"block-size: solver admm has no such setting":             {"block-size": "4"},
		"solver dsnot compares calibration windows, of which the": {"paper": "true", "solver": "dsnot"},
	} {
		if _, err := registry.New("adagp", settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", settings, err, want)
		}
	}
}
