package app

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/tensor"
)

// bigFolder makes a folder with a model of that shape and n calibration windows of 64 tokens.
func bigFolder(t *testing.T, s bigmodel.Shape, n int) (dir, model, windows string) {
	t.Helper()
	dir = t.TempDir()
	model, windows = filepath.Join(dir, "model"), filepath.Join(dir, "windows.jsonl")
	if err := bigmodel.Write(model, s, 1); err != nil {
		t.Fatal(err)
	}
	if err := bigmodel.WriteWindows(windows, n, 64, s.Vocab, 1); err != nil {
		t.Fatal(err)
	}
	return dir, model, windows
}

// TestMemoryBudget runs a middle-sized shape with the smallest budget that its plan calls possible: the
// kernel's count of resident memory stays within it, however many windows there are, and is not so far
// below that the plan would be worth nothing.
func TestMemoryBudget(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector multiplies memory")
	}
	dir, model, windows := bigFolder(t, bigmodel.Shape{Hidden: 512, Intermediate: 1408, Layers: 2, Heads: 8, KVHeads: 2, Vocab: 1024, Positions: 256, DType: tensor.F16}, 64)
	var peaks []int64
	var budget int64
	for _, n := range []int{16, 64} {
		args := []string{"prune", "--model", model, "--calib", windows, "--samples", fmt.Sprint(n), "--method", "sparsegpt", "--no-progress"}
		var plan prune.Plan
		okJSON(t, &plan, append(args, "--plan")...)
		budget = plan.Smallest
		out := filepath.Join(dir, fmt.Sprint(n))
		c := program(append(args, "--out", out, "--json", "--memory", fmt.Sprint(budget))...)
		text, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		var r prune.Report
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d windows: peak %d MiB of %d MiB, plan without a budget %d MiB", n, r.PeakRSSBytes>>20, budget>>20, plan.Peak>>20)
		if r.PeakRSSBytes > budget || r.PeakRSSBytes < budget/2 {
			t.Errorf("%d windows: peak resident memory %d, want at most the budget of %d and at least half of it", n, r.PeakRSSBytes, budget)
		}
		peaks = append(peaks, r.PeakRSSBytes)
	}
	if float64(peaks[1]) > 1.15*float64(peaks[0]) {
		t.Errorf("peak resident memory grows with the windows: %d", peaks)
	}
	r := call(t, "prune", "--model", model, "--calib", windows, "--out", filepath.Join(dir, "small"), "--method", "sparsegpt", "--memory", fmt.Sprint(budget-1))
	if want := "cli: --memory: a memory budget of"; r.code != statusFailed || len(r.last()) < len(want) || r.last()[:len(want)] != want {
		t.Errorf("a smaller budget: status %d, last line %q", r.code, r.last())
	}
}

// TestPlanOfAdaGP holds the plan against what the kernel counts when the collector leaves little garbage around: never
// less, and not much more.
func TestPlanOfAdaGP(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector multiplies memory")
	}
	dir, model, windows := bigFolder(t, bigmodel.Shape{Hidden: 448, Intermediate: 1280, Layers: 1, Heads: 7, KVHeads: 7, Vocab: 512, Positions: 128, DType: tensor.F16}, 16)
	args := []string{"prune", "--model", model, "--calib", windows, "--preset", "balanced", "--solver", "sparsegpt", "--no-progress", "--json"}
	var plan prune.Plan
	okJSON(t, &plan, append(args, "--plan")...)
	c := program(append(args, "--out", filepath.Join(dir, "out"))...)
	c.Env = append(c.Env, "GOGC=10")
	text, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var r prune.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	t.Logf("peak %d MiB, planned %d MiB", r.PeakRSSBytes>>20, plan.Peak>>20)
	if r.PeakRSSBytes > plan.Peak || plan.Peak > r.PeakRSSBytes*3/2 {
		t.Errorf("peak resident memory %d, planned %d: want no more, and half as much again at most", r.PeakRSSBytes, plan.Peak)
	}
}

// TestMemoryLimit: the program holds the garbage collector to the budget while it works, and not longer.
func TestMemoryLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	_, model, windows := bigFolder(t, bigmodel.Named["tiny"], 2)
	seenLimit = 0
	ok(t, "prune", "--model", model, "--calib", windows, "--out", filepath.Join(t.TempDir(), "out"), "--method", "test-limit", "--pattern", "2:4", "--memory", "1GiB")
	if seenLimit >= 1<<30 || seenLimit < 1<<29 {
		t.Errorf("a limit of %d bytes during the run, want most of the budget of 1 GiB", seenLimit)
	}
	if now := debug.SetMemoryLimit(-1); now != before {
		t.Errorf("a limit of %d bytes after the run, %d before", now, before)
	}
}

// seenLimit is the limit of the garbage collector that the solver test-limit has found.
var seenLimit int64

func init() {
	registry.Plain("test-limit", "drops the first, and looks at the collector's limit", solverFunc{"test-limit", func(ctx context.Context, p *local.Problem) (*local.Solution, error) {
		seenLimit = debug.SetMemoryLimit(-1)
		return dropFirst(ctx, p)
	}})
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "800MiB": 800 << 20, "4GiB": 4 << 30, "1.5 GiB": 3 << 29, "2k": 2048, "3MB": 3e6, "1TiB": 1 << 40, "7b": 7} {
		if n, err := parseSize(s); err != nil || n != want {
			t.Errorf("%q is %d, error %v; want %d", s, n, err, want)
		}
	}
	for _, s := range []string{"", "GiB", "-1GiB", "0", "1XiB", "1GiBB", "1e30TiB", "NaN", "Inf", "0x10"} {
		if n, err := parseSize(s); err == nil {
			t.Errorf("%q is %d, want an error", s, n)
		}
	}
}
