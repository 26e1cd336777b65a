package prunecmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/evalcmd"
	"github.com/adagp/adagp/cmd/cli/command/inspectcmd"
	"github.com/adagp/adagp/cmd/cli/command/sweepcmd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/registry"
)

// pruneCase is a model and the flags that calibrate it in little time.
type pruneCase struct {
	model string
	flags []string
}

func pruneCases(t testing.TB) map[string]pruneCase {
	return map[string]pruneCase{
		"safetensors": {golden.Path("models/stories260k"), []string{"--samples", "4", "--seqlen", "64"}},
		"bin":         {golden.Path("models/stories260k-bin"), []string{"--samples", "4", "--seqlen", "64"}},
		"sharded":     {golden.Path("models/rand-llama3"), []string{"--calib", clitest.IDsFile(t, "calib.jsonl", clitest.PatternedIDs(6, 48))}},
		"sharded bin": {golden.Path("models/rand-opt-noprefix-bin"), []string{"--calib", clitest.IDsFile(t, "calib.jsonl", clitest.PatternedIDs(6, 48))}},
		"post-norm":   {golden.Path("models/rand-opt350"), []string{"--calib", clitest.IDsFile(t, "calib.jsonl", clitest.PatternedIDs(6, 48))}},
	}
}

// realMethods lists what the project registers, so that a new method is tested here without being
// named.
func realMethods() (names []string) {
	for _, m := range registry.Methods() {
		if !strings.HasPrefix(m.Name, "test-") {
			names = append(names, m.Name)
		}
	}
	return names
}

// TestPruneEverything is the main job: every kind of checkpoint, every method, every kind of
// sparsity; then the other commands read what came of it.
func TestPruneEverything(t *testing.T) {
	for name, c := range pruneCases(t) {
		for _, method := range realMethods() {
			for _, sparsity := range []string{"0.5", "0.7", "0.9", "2:4", "4:8"} {
				if testing.Short() && name+sparsity != "safetensors4:8" && name+sparsity != "sharded0.7" {
					continue
				}
				t.Run(name+"/"+method+"/"+sparsity, func(t *testing.T) {
					out := filepath.Join(t.TempDir(), "out")
					flag := "--sparsity"
					if strings.Contains(sparsity, ":") {
						flag = "--pattern"
					}
					args := append([]string{"prune", "--model", c.model, "--out", out, "--method", method, flag, sparsity}, c.flags...)
					before := clitest.TreeHash(t, c.model)
					var report prune.Report
					clitest.OKJSON(t, &report, args...)
					if after := clitest.TreeHash(t, c.model); after != before {
						t.Error("the input changed")
					}
					checkReport(t, &report, out, method, sparsity)
					checkSparsity(t, out, &report, sparsity)
					checkUntouched(t, c.model, out, &report)
				})
			}
		}
	}
}

// checkReport compares what was printed with what is stored, and both with what was asked for.
func checkReport(t *testing.T, r *prune.Report, out, method, sparsity string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, "pruning.json"))
	if err != nil {
		t.Fatal(err)
	}
	var stored prune.Report
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatalf("pruning.json: %v", err)
	}
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(stored)
	if !bytes.Equal(a, b) {
		t.Errorf("pruning.json differs from the result:\n%s\n%s", b, a)
	}
	if r.Format != 1 || r.Method != method || r.Pattern.String() != sparsity || r.Version == "" || r.Solver == "" || r.Kernel == "" || r.Threads < 1 {
		t.Errorf("report says format %d, method %q, pattern %v, version %q, solver %q, kernel %q, threads %d", r.Format, r.Method, r.Pattern, r.Version, r.Solver, r.Kernel, r.Threads)
	}
	c := r.Calibration
	if len(c.Files) == 0 || c.Tokens != c.Samples*c.SeqLen || c.Tokens == 0 || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(c.SHA256) {
		t.Errorf("calibration %+v", c)
	}
	if r.Seconds <= 0 || r.PeakRSSBytes <= 0 || len(r.Layers) == 0 || r.Perplexity != nil {
		t.Errorf("seconds %v, memory %d, %d layers, perplexity %v", r.Seconds, r.PeakRSSBytes, len(r.Layers), r.Perplexity)
	}
}

// checkSparsity asks cli inspect about every pruned matrix: within half a percent of the share asked
// for (all together, unless the allocation is uniform), or every group of the pattern.
func checkSparsity(t *testing.T, out string, r *prune.Report, sparsity string) {
	t.Helper()
	var seen inspectcmd.Result
	clitest.OKJSON(t, &seen, "inspect", "--model", out)
	found := map[string]inspectcmd.Tensor{}
	for _, p := range seen.Tensors {
		found[p.Name] = p
	}
	matrices := 0
	for _, l := range r.Layers {
		for _, x := range l.Tensors {
			matrices++
			p, ok := found[x.Name]
			if !ok {
				t.Fatalf("inspect does not list %s", x.Name)
			}
			if p.Zeros != x.Zeros || math.Abs(p.Sparsity-x.Sparsity) > 1e-12 || !slices.Equal(p.Shape, x.Shape) {
				t.Errorf("%s: inspect counts %d zeros of %v, the report %d of %v", x.Name, p.Zeros, p.Shape, x.Zeros, x.Shape)
			}
			if want, err := strconv.ParseFloat(sparsity, 64); err == nil {
				// Within half a percent, and one weight for the small matrices.
				if d := math.Abs(p.Sparsity - want); r.Allocation == "uniform" && d > 0.005+1/float64(p.Shape[0]*p.Shape[1]) {
					t.Errorf("%s: sparsity %v, want %v ± 0.005", x.Name, p.Sparsity, want)
				}
				continue
			}
			if p.NM != sparsity && !(sparsity == "4:8" && p.NM == "2:4") {
				t.Errorf("%s: N:M is %s, want %s", x.Name, p.NM, sparsity)
			}
			if x.Error < 0 || x.Error != x.Error {
				t.Errorf("%s: error %v", x.Name, x.Error)
			}
		}
	}
	if want, err := strconv.ParseFloat(sparsity, 64); err == nil && math.Abs(r.Totals.Sparsity-want) > 0.005 {
		t.Errorf("sparsity %v over all matrices, want %v ± 0.005", r.Totals.Sparsity, want)
	}
	if int64(seen.Decoder.Zeros) != r.Totals.Zeros || int64(seen.Decoder.Weights) != r.Totals.Weights || matrices == 0 {
		t.Errorf("decoder totals %+v, report %+v", seen.Decoder, r.Totals)
	}
}

// checkUntouched compares every tensor that the report does not name, byte for byte.
func checkUntouched(t *testing.T, in, out string, r *prune.Report) {
	t.Helper()
	pruned := map[string]bool{}
	for _, l := range r.Layers {
		for _, x := range l.Tensors {
			pruned[x.Name] = true
		}
	}
	a, b := clitest.OpenCheckpoint(t, in), clitest.OpenCheckpoint(t, out)
	if !slices.Equal(a.Names(), b.Names()) {
		t.Fatalf("tensors %v, want %v", b.Names(), a.Names())
	}
	for _, name := range a.Names() {
		ai, _ := a.Info(name)
		bi, _ := b.Info(name)
		if ai.DType != bi.DType || !slices.Equal(ai.Shape, bi.Shape) {
			t.Errorf("%s: %v %v, want %v %v", name, bi.DType, bi.Shape, ai.DType, ai.Shape)
		}
		if same := bytes.Equal(clitest.Raw(t, a, name), clitest.Raw(t, b, name)); same == pruned[name] {
			t.Errorf("%s: bytes equal: %v, pruned: %v", name, same, pruned[name])
		}
	}
}

// TestSameCommandSameModel: neither a second run nor another number of threads changes a byte of the
// weights.
func TestSameCommandSameModel(t *testing.T) {
	for name, c := range pruneCases(t) {
		for _, method := range realMethods() {
			if testing.Short() && name != "sharded" {
				continue
			}
			t.Run(name+"/"+method, func(t *testing.T) {
				dir := t.TempDir()
				var want map[string][]byte
				for i, threads := range []string{"2", "2", "1", "3"} {
					out := filepath.Join(dir, fmt.Sprint(i))
					clitest.OK(t, append([]string{"prune", "--model", c.model, "--out", out, "--method", method, "--sparsity", "0.6", "--threads", threads, "--no-progress"}, c.flags...)...)
					got := clitest.WeightFiles(t, out)
					if want == nil {
						want = got
						continue
					}
					for file, b := range want {
						if !bytes.Equal(got[file], b) {
							t.Errorf("%s with %s threads, run %d, differs from the first run", file, threads, i)
						}
					}
				}
			})
		}
	}
}

// TestPrunedModelLoads evaluates pruned folders with the program itself.
func TestPrunedModelLoads(t *testing.T) {
	for name, c := range pruneCases(t) {
		t.Run(name, func(t *testing.T) {
			text := clitest.IDsFile(t, "eval.jsonl", clitest.PatternedIDs(4, 40))
			out := filepath.Join(t.TempDir(), "out")
			var report prune.Report
			clitest.OKJSON(t, &report, append([]string{"prune", "--model", c.model, "--out", out, "--method", "wanda", "--eval", text}, c.flags...)...)
			if report.Perplexity == nil {
				t.Fatal("no perplexity in the report")
			}
			for _, m := range []struct {
				dir  string
				want prune.Number
			}{{c.model, report.Perplexity.Before}, {out, report.Perplexity.After}} {
				var got evalcmd.Result
				clitest.OKJSON(t, &got, "eval", "--model", m.dir, "--text", text)
				if got.Perplexity != m.want || got.Windows != 4 || got.SeqLen != 40 || got.Tokens != 160 || got.Task != "perplexity" {
					t.Errorf("eval %s: %+v, want the perplexity %v of the report", m.dir, got, m.want)
				}
			}
			if report.Perplexity.Before == report.Perplexity.After {
				t.Errorf("perplexity %v before and after", report.Perplexity.After)
			}
		})
	}
}

// TestPruneTrainedModels does the same on the larger trained models where the data set is at hand.
func TestPruneTrainedModels(t *testing.T) {
	if testing.Short() {
		t.Skip("large models")
	}
	for _, name := range []string{"llama-mini", "opt-mini", "opt-mini-bin"} {
		model := golden.Shared(t, "models/"+name)
		for _, method := range sweepcmd.DefaultMethods {
			for _, sparsity := range []string{"0.7", "2:4"} {
				t.Run(name+"/"+method+"/"+sparsity, func(t *testing.T) {
					out := filepath.Join(t.TempDir(), "out")
					flag := "--sparsity"
					if strings.Contains(sparsity, ":") {
						flag = "--pattern"
					}
					var report prune.Report
					clitest.OKJSON(t, &report, "prune", "--model", model, "--out", out, "--method", method, flag, sparsity, "--samples", "4")
					checkReport(t, &report, out, method, sparsity)
					checkSparsity(t, out, &report, sparsity)
					checkUntouched(t, model, out, &report)
				})
			}
		}
	}
}
