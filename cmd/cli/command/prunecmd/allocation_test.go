package prunecmd_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
)

// Every allocation from the command line: the total is met, matrices differ, the report says which.
func TestAllocation(t *testing.T) {
	model := golden.Path("models/stories260k")
	calib := clitest.IDsFile(t, "calib.jsonl", clitest.GoldenIDs(t, "stories260k_calib_seed0.u16", 4))
	shares := clitest.WriteFile(t, t.TempDir(), "shares.json", `{"self_attn": 0.25, "mlp": 0.75}`)
	for _, c := range []struct {
		allocation string
		sparsity   float64
	}{{"uniform", 0.6}, {"owl", 0.6}, {"fisher", 0.6}, {shares, 0}} {
		var report prune.Report
		out := filepath.Join(t.TempDir(), "out")
		clitest.OKJSON(t, &report, "prune", "--model", model, "--calib", calib, "--out", out, "--method", "wanda", "--sparsity", "0.6", "--allocation", c.allocation)
		if report.Allocation != c.allocation {
			t.Errorf("--allocation %s: the report says %q", c.allocation, report.Allocation)
		}
		lowest, highest := 1.0, 0.0
		for _, l := range report.Layers {
			for _, x := range l.Tensors {
				lowest, highest = min(lowest, x.Sparsity), max(highest, x.Sparsity)
			}
		}
		if c.allocation == shares {
			if math.Abs(lowest-0.25) > 1e-3 || math.Abs(highest-0.75) > 1e-3 {
				t.Errorf("--allocation FILE: sparsities from %v to %v, want 0.25 and 0.75", lowest, highest)
			}
			continue
		}
		if d := math.Abs(report.Totals.Sparsity - c.sparsity); d > 2e-3 {
			t.Errorf("--allocation %s: sparsity %v, want %v", c.allocation, report.Totals.Sparsity, c.sparsity)
		}
		if spread := highest - lowest; (c.allocation == "uniform") != (spread < 0.01) {
			t.Errorf("--allocation %s: sparsities from %v to %v", c.allocation, lowest, highest)
		}
	}
}

// A bad file of shares is found before anything is begun, and the message names it.
func TestAllocationFiles(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want string }{
		{"missing.json", "", "no such file"},
		{"broken.json", `{"mlp": `, "offset"},
		{"unknown.json", `{"layers.77": 0.5}`, `"layers.77" fits no matrix`},
		{"range.json", `{"mlp": 1.5}`, "0 <= share < 1, got 1.5"},
	} {
		path := filepath.Join(dir, c.name)
		if c.text != "" {
			path = clitest.WriteFile(t, dir, c.name, c.text)
		}
		out := filepath.Join(dir, "out")
		r := clitest.Call(t, "prune", "--model", "demo:llama", "--out", out, "--method", "magnitude", "--allocation", path, "--samples", "2", "--seqlen", "16")
		if r.Code != 1 || !strings.Contains(r.Last(), c.want) || !strings.Contains(r.Last(), c.name) {
			t.Errorf("%s: status %d, %q, want 1 and %q", c.name, r.Code, r.Last(), c.want)
		}
	}
	// The file is an input and must not be overwritten.
	inside := clitest.WriteFile(t, dir, "shares.json", `{}`)
	if r := clitest.Call(t, "prune", "--model", "demo:llama", "--out", dir, "--force", "--method", "magnitude", "--allocation", inside); r.Code == 0 {
		t.Error("the folder of the allocation file was replaced")
	}
}
