package sweepcmd_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/evalcmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/sweep"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestSweepModelChanges: runs on another model than the first ones do not come into their table.
func TestSweepModelChanges(t *testing.T) {
	model, out := clitest.CopyModel(t, "stories260k"), filepath.Join(t.TempDir(), "sweep")
	clitest.WhileItRuns(t, func() { clitest.Flip(t, filepath.Join(model, "model.safetensors"), 1) })
	r := clitest.Call(t, "sweep", "--model", model, "--out", out, "--samples", "2", "--seqlen", "32", "--max-windows", "2", "--methods", "test-take,magnitude", "--sparsities", "0.5")
	if r.Code != exit.Failed || !strings.Contains(r.Last(), "1 of 2 runs failed") || !strings.Contains(r.Last(), "has changed since the work with it began") {
		t.Errorf("status %d, last line %q; want 1 and that the model has changed", r.Code, r.Last())
	}
}

// TestSweepSparesOthers: sweep writes into a folder of its own, never through a link or into another kind of file.
func TestSweepSparesOthers(t *testing.T) {
	dir := t.TempDir()
	precious := clitest.WriteFile(t, dir, "precious.txt", "precious")
	out := filepath.Join(dir, "sweep")
	args := []string{"sweep", "--model", "demo:llama", "--out", out, "--methods", "magnitude", "--sparsities", "0.5", "--samples", "2", "--seqlen", "32", "--max-windows", "1"}
	clitest.OK(t, args...)
	for _, name := range []string{"sweep.md", "sweep.html", "sweep.json"} {
		path := filepath.Join(out, name)
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, spoil := range []func() error{
			func() error { return os.Symlink(precious, path) },
			func() error { return os.Mkdir(path, 0o777) },
		} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			clitest.WantFailure(t, clitest.Call(t, args...), exit.Failed, name)
			if b, _ := os.ReadFile(precious); string(b) != "precious" {
				t.Fatalf("%s was written through", name)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		clitest.WriteFile(t, out, name, string(kept))
	}
}

func init() {
	registry.Plain("test-fails", "fails", clitest.SolverFunc{Name: "test-fails", Do: func(context.Context, *local.Problem) (*local.Solution, error) { return nil, errors.New("no luck") }})
}

// sweepArgs is a small sweep into dir, followed by flags.
func sweepArgs(dir string, flags ...string) []string {
	return append([]string{"sweep", "--model", golden.Path("models/stories260k"), "--out", dir, "--samples", "2", "--seqlen", "32", "--max-windows", "2"}, flags...)
}

func TestSweep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	small := []string{"--methods", "magnitude,sparsegpt", "--sparsities", "0.5,0.8", "--patterns", "2:4", "--seeds", "0,3"}
	var first, again, more sweep.Result
	clitest.OKJSON(t, &first, sweepArgs(dir, small...)...)
	if len(first.Runs) != 2*3*2 || len(first.Dense) != 1 || first.Settings.Calibration.Samples != 2 {
		t.Fatalf("%d runs, %d dense perplexities, %+v; want 12, 1 and 2 windows", len(first.Runs), len(first.Dense), first.Settings)
	}
	files := map[string]string{}
	for _, name := range []string{"sweep.json", "sweep.csv", "sweep.md", "sweep.html", "sweep.svg"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(b)
	}
	golden.Picture(t, []byte(files["sweep.svg"]))
	if rows, err := csv.NewReader(strings.NewReader(files["sweep.csv"])).ReadAll(); err != nil || len(rows) != 1+1+12 {
		t.Errorf("sweep.csv has %d lines (%v), want a head, the dense model and 12 runs", len(rows), err)
	}
	if want := "| method | 0.5 | 0.8 | 2:4 | time |\n| --- | ---: | ---: | ---: | ---: |\n| dense | " + format.Perplexity(first.Dense[0]); !strings.Contains(files["sweep.md"], want) {
		t.Errorf("sweep.md lacks %q:\n%s", want, files["sweep.md"])
	}

	// What is there is not done again, and more is added to it.
	r := clitest.OK(t, append(sweepArgs(dir, small...), "--json")...)
	if r.Stdout != files["sweep.json"] || !strings.Contains(r.Stderr, "12 of 12 runs are done already") {
		t.Errorf("the second call changed the result or ran something: %s", r.Stderr)
	}
	clitest.OKJSON(t, &more, sweepArgs(dir, "--methods", "wanda,magnitude", "--sparsities", "0.8")...)
	if len(more.Runs) != 13 || more.Runs[12].Method != "wanda" {
		t.Errorf("one more method at one sparsity makes %d runs, want 13", len(more.Runs))
	}
	clitest.OKJSON(t, &again, sweepArgs(dir, "--methods", "wanda", "--sparsities", "0.8", "--redo")...)
	if a, b := again.Runs[12], more.Runs[12]; len(again.Runs) != 13 || a.Seconds == b.Seconds || a.Perplexity[0] != b.Perplexity[0] {
		t.Errorf("--force made %+v of %+v, want it done again with the same perplexity", a, b)
	}

	// What another version did is done again on request.
	s, err := sweep.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	s.Result.Runs[3].Version = "v0.0.1"
	if err := s.Save(sweep.Axes{}); err != nil {
		t.Fatal(err)
	}
	if r := clitest.OK(t, append(sweepArgs(dir, small...), "--same-version")...); !strings.Contains(r.Stderr, "11 of 12 runs are done already") {
		t.Errorf("--same-version: %s", r.Stderr)
	}

	// The model is whole again before each run: pruning it alone gives the same.
	out := t.TempDir()
	for i, p := range []struct{ flag, value string }{{"--sparsity", "0.8"}, {"--pattern", "2:4"}} {
		var rep prune.Report
		clitest.OKJSON(t, &rep, "prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(out, fmt.Sprint(i)),
			"--method", "sparsegpt", p.flag, p.value, "--samples", "2", "--seqlen", "32", "--seed", "3")
		pattern, err := sparsity.ParsePattern(p.value)
		if err != nil {
			t.Fatal(err)
		}
		run := first.Find("sparsegpt", pattern, 3)
		if run == nil || run.CalibSHA != rep.Calibration.SHA256 || math.Abs(run.Sparsity-rep.Totals.Sparsity) > 1e-12 {
			t.Errorf("%s: run %+v, alone %s and %v", p.value, run, rep.Calibration.SHA256, rep.Totals.Sparsity)
		}
	}
}

// Folders that --keep-models leaves give the perplexities of the table.
func TestSweepKeepsModels(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	eval := clitest.IDsFile(t, "eval.jsonl", [][]int{{1, 2, 3, 4, 5, 6}, {1, 9, 8, 7, 6, 5}})
	args := []string{"sweep", "--model", golden.Path("models/stories260k"), "--out", dir, "--samples", "2", "--seqlen", "32", "--eval", eval,
		"--methods", "wanda:wbits=4,sparsegpt:allocation=owl", "--sparsities", "0.6"}
	clitest.OK(t, args...) // without folders
	var r sweep.Result
	clitest.OKJSON(t, &r, append(args, "--keep-models")...)
	if len(r.Runs) != 2 {
		t.Fatalf("%d runs, want 2", len(r.Runs))
	}
	for _, run := range r.Runs {
		var got evalcmd.Result
		clitest.OKJSON(t, &got, "eval", "--model", filepath.Join(dir, run.Folder), "--text", eval)
		if d := math.Abs(float64(got.Perplexity/run.Perplexity[0] - 1)); d > 1e-6 {
			t.Errorf("%s: perplexity %v in the sweep, %v of the folder", run.Folder, run.Perplexity[0], got.Perplexity)
		}
	}
	if again := clitest.OK(t, append(args, "--keep-models")...); !strings.Contains(again.Stderr, "2 of 2 runs are done already") {
		t.Errorf("kept models are made again: %s", again.Stderr)
	}
}

// A failing run does not keep the others from being done, and is tried again.
func TestSweepGoesOnAfterAFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	args := sweepArgs(dir, "--methods", "test-fails,magnitude", "--sparsities", "0.5,0.6")
	for range 2 {
		clitest.WantFailure(t, clitest.Call(t, args...), exit.Failed, "2 of 4 runs failed", "test-fails at 0.5", "no luck")
		s, err := sweep.Open(dir, "")
		if err != nil || len(s.Result.Runs) != 2 {
			t.Fatalf("%+v (%v), want the 2 runs of magnitude", s, err)
		}
	}
	r := clitest.Call(t, sweepArgs(dir, "--methods", "test-fails", "--sparsities", "0.5", "--keep-models")...)
	clitest.WantFailure(t, r, exit.Failed, "1 of 1 runs failed")
	if _, err := os.Stat(filepath.Join(dir, "models")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder of models: %v, want that it does not exist while there are none", err)
	}
}

func TestSweepInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	args := sweepArgs(dir, "--methods", "magnitude,test-wait", "--sparsities", "0.5")
	clitest.WantInterrupted(t, clitest.InterruptWhen(t, "waiting", 1, args...))
	s, err := sweep.Open(dir, "")
	if err != nil || s.Result == nil || len(s.Result.Runs) != 1 || s.Result.Runs[0].Method != "magnitude" {
		t.Fatalf("after the interrupt the folder holds %+v (%v), want the run of magnitude", s.Result, err)
	}
	r := clitest.OK(t, sweepArgs(dir, "--methods", "magnitude,wanda", "--sparsities", "0.5")...)
	if !strings.Contains(r.Stderr, "1 of 2 runs are done already") {
		t.Errorf("the next call does not go on: %s", r.Stderr)
	}
}

func TestSweepRefusesOtherSettings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	clitest.OK(t, sweepArgs(dir, "--methods", "magnitude", "--sparsities", "0.5")...)
	before := clitest.TreeHash(t, dir)
	other := clitest.IDsFile(t, "windows.jsonl", [][]int{slices.Repeat([]int{1, 2}, 16), slices.Repeat([]int{3, 4}, 16)})
	base := func(flags ...string) []string {
		return append([]string{"sweep", "--out", dir, "--methods", "magnitude", "--sparsities", "0.7"}, flags...)
	}
	model := golden.Path("models/stories260k")
	for _, c := range []struct {
		says string
		args []string
	}{
		{"--model", base("--model", "demo:llama", "--samples", "2", "--seqlen", "32", "--max-windows", "2")},
		{"--samples", base("--model", model, "--samples", "3", "--seqlen", "32", "--max-windows", "2")},
		{"--seqlen", base("--model", model, "--samples", "2", "--seqlen", "16", "--max-windows", "2")},
		{"--max-windows", base("--model", model, "--samples", "2", "--seqlen", "32", "--max-windows", "3")},
		{"--eval", base("--model", model, "--samples", "2", "--seqlen", "32", "--eval", other)},
		{"--calib", base("--model", model, "--samples", "2", "--seqlen", "32", "--max-windows", "2", "--calib", other)},
	} {
		clitest.WantFailure(t, clitest.Call(t, c.args...), exit.Failed, c.says, "use another folder")
	}
	if after := clitest.TreeHash(t, dir); after != before {
		t.Error("a refused call changed the folder")
	}
}

func TestSweepTakesTurns(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no locks there")
	}
	dir := t.TempDir()
	release, err := checkpoint.LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	clitest.WantFailure(t, clitest.Call(t, sweepArgs(dir, "--methods", "magnitude", "--sparsities", "0.5")...), exit.Failed, "locked by another process")
	release()
	clitest.OK(t, sweepArgs(dir, "--methods", "magnitude", "--sparsities", "0.5")...)
}

func TestSweepUsage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	for _, c := range []struct {
		says  string
		flags []string
	}{
		{"--methods", []string{"--methods", "nonsense"}},
		{"--methods", []string{"--methods", ""}},
		{"exclude each other", []string{"--methods", "adagp:paper:fast"}},
		{"paper: method wanda has no such setting", []string{"--methods", "wanda:paper"}},
		{"setting \"slow\"", []string{"--methods", "adagp:slow"}},
		{"solver nobody: want one of admm, ", []string{"--methods", "adagp:solver=nobody"}},
		{"setting \"allocation=shares.json\"", []string{"--methods", "wanda:allocation=shares.json"}},
		{"bits", []string{"--methods", "wanda:wbits=four"}},
		{"bits", []string{"--methods", "wanda:wbits=40"}},
		{"epoch", []string{"--methods", "adagp:epochs=0"}},
		{"--sparsities", []string{"--sparsities", "1"}},
		{"--sparsities", []string{"--sparsities", "2:4"}},
		{"--patterns", []string{"--patterns", "0.5"}},
		{"--patterns", []string{"--patterns", "4:2"}},
		{"--seeds", []string{"--seeds", "-1"}},
		{"allocation", []string{"--methods", "wanda:allocation=owl", "--patterns", "2:4"}},
		{"--samples", []string{"--samples", "0"}},
		{"--calib", []string{"--calib", "a.txt,,b.txt"}},
	} {
		clitest.WantFailure(t, clitest.Call(t, append([]string{"sweep", "--model", "demo:llama", "--out", dir}, c.flags...)...), exit.Usage, c.says)
	}
	clitest.WantFailure(t, clitest.Call(t, "sweep", "--model", "demo:llama", "--out", dir, "--calib", "missing-{seed}.jsonl", "--seeds", "7"), exit.Failed, "missing-7.jsonl")
	foreign := t.TempDir()
	clitest.WriteFile(t, foreign, "thesis.txt", "mine")
	clitest.WantFailure(t, clitest.Call(t, sweepArgs(foreign)...), exit.Failed, "holds no sweep.json")
	clitest.WriteFile(t, foreign, "sweep.json", `{"format": 2}`)
	clitest.WantFailure(t, clitest.Call(t, sweepArgs(foreign)...), exit.Failed, "sweep.json: format 2, want 1")
	if _, err := os.Stat(dir); err == nil {
		t.Error("wrong usage left a folder")
	}
}
