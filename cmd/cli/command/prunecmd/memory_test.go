package prunecmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/tensor"
)

// TestMemoryBudget runs a middle-sized shape with the smallest budget that its plan calls possible: the
// kernel's count of resident memory stays within it, however many windows there are, and is not so far
// below that the plan would be worth nothing.
func TestMemoryBudget(t *testing.T) {
	if clitest.RaceDetector {
		t.Skip("the race detector multiplies memory")
	}
	dir, model, windows := clitest.BigFolder(t, bigmodel.Shape{Hidden: 512, Intermediate: 1408, Layers: 2, Heads: 8, KVHeads: 2, Vocab: 1024, Positions: 256, DType: tensor.F16}, 64)
	var peaks []int64
	var budget int64
	for _, n := range []int{16, 64} {
		args := []string{"prune", "--model", model, "--calib", windows, "--samples", fmt.Sprint(n), "--method", "sparsegpt", "--no-progress"}
		var plan prune.Plan
		clitest.OKJSON(t, &plan, append(args, "--plan")...)
		budget = plan.Smallest
		out := filepath.Join(dir, fmt.Sprint(n))
		c := clitest.Program(append(args, "--out", out, "--json", "--memory", fmt.Sprint(budget))...)
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
	r := clitest.Call(t, "prune", "--model", model, "--calib", windows, "--out", filepath.Join(dir, "small"), "--method", "sparsegpt", "--memory", fmt.Sprint(budget-1))
	if want := "cli: --memory: a memory budget of"; r.Code != exit.Failed || len(r.Last()) < len(want) || r.Last()[:len(want)] != want {
		t.Errorf("a smaller budget: status %d, last line %q", r.Code, r.Last())
	}
}

// TestPlanOfAdaGP holds the plan against what the kernel counts when the collector leaves little garbage around: never
// less, and not much more.
func TestPlanOfAdaGP(t *testing.T) {
	if clitest.RaceDetector {
		t.Skip("the race detector multiplies memory")
	}
	dir, model, windows := clitest.BigFolder(t, bigmodel.Shape{Hidden: 448, Intermediate: 1280, Layers: 1, Heads: 7, KVHeads: 7, Vocab: 512, Positions: 128, DType: tensor.F16}, 16)
	args := []string{"prune", "--model", model, "--calib", windows, "--preset", "balanced", "--solver", "sparsegpt", "--no-progress", "--json"}
	var plan prune.Plan
	clitest.OKJSON(t, &plan, append(args, "--plan")...)
	c := clitest.Program(append(args, "--out", filepath.Join(dir, "out"))...)
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
	_, model, windows := clitest.BigFolder(t, bigmodel.Named["tiny"], 2)
	seenLimit = 0
	clitest.OK(t, "prune", "--model", model, "--calib", windows, "--out", filepath.Join(t.TempDir(), "out"), "--method", "test-limit", "--pattern", "2:4", "--memory", "1GiB")
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
	registry.Plain("test-limit", "drops the first, and looks at the collector's limit", clitest.SolverFunc{Name: "test-limit", Do: func(ctx context.Context, p *local.Problem) (*local.Solution, error) {
		seenLimit = debug.SetMemoryLimit(-1)
		return clitest.DropFirst(ctx, p)
	}})
}
