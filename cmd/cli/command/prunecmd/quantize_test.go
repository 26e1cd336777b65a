package prunecmd_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/evalcmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
)

// TestWeightBits: weights are written on the grids beside them, and the folder loads.
func TestWeightBits(t *testing.T) {
	model, text := golden.Path("models/stories260k"), clitest.IDsFile(t, "eval.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 2))
	for _, c := range []struct {
		flags  []string
		method string
		wround string
		group  int
	}{
		{[]string{"--wbits", "4"}, "sparsegpt", "gptq", 0},
		{[]string{"--wbits", "3", "--wgroup", "32"}, "adagp", "gptq", 32},
		{[]string{"--wbits", "8", "--wgroup", "32", "--wround", "nearest"}, "sparsegpt", "nearest", 32},
		{[]string{"--wbits", "4"}, "magnitude", "nearest", 0},
	} {
		t.Run(c.method+c.flags[1], func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			var r prune.Report
			clitest.OKJSON(t, &r, append([]string{"prune", "--model", model, "--out", out, "--method", c.method, "--samples", "8", "--seqlen", "64",
				"--layers", "0:2", "--dtype", "float32", "--eval", text}, c.flags...)...)
			if r.Hyperparameters["wround"] != c.wround || r.Hyperparameters["wgroup"] != float64(c.group) {
				t.Errorf("hyperparameters %v", r.Hyperparameters)
			}
			ck := clitest.OpenCheckpoint(t, out)
			grids, err := safetensors.Open(os.DirFS(out), r.Grids)
			if err != nil {
				t.Fatal(err)
			}
			defer grids.Close()
			for _, l := range r.Layers {
				for _, x := range l.Tensors {
					g, err := x.Grid(grids.View)
					if err != nil {
						t.Fatal(x.Name, err)
					}
					w, err := ck.Read(x.Name)
					if err != nil {
						t.Fatal(err)
					}
					for i := range w.Dim(0) {
						for j, v := range w.Row(i) {
							if float32(g.Round(i, j, float64(v))) != v {
								t.Fatalf("%s [%d %d] is %v, not on its grid", x.Name, i, j, v)
							}
						}
					}
				}
			}
			var got evalcmd.Result
			clitest.OKJSON(t, &got, "eval", "--model", out, "--text", text)
			if got.Perplexity != r.Perplexity.After {
				t.Errorf("perplexity %v, the report says %v", got.Perplexity, r.Perplexity.After)
			}
		})
	}
}

// TestGridsGoWithWeights: packing and unpacking carry the grids, what changes the weights leaves them out,
// and nobody takes them for weights.
func TestGridsGoWithWeights(t *testing.T) {
	dir, text := t.TempDir(), clitest.IDsFile(t, "eval.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 2))
	in := func(name string) string { return filepath.Join(dir, name) }
	grids := func(name string) string {
		b, err := os.ReadFile(filepath.Join(in(name), prune.GridFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(b)
	}
	shortRun := []string{"--method", "magnitude", "--samples", "2", "--seqlen", "64"}
	clitest.OK(t, append([]string{"prune", "--model", golden.Path("models/stories260k"), "--out", in("a"), "--wbits", "4", "--wgroup", "16"}, shortRun...)...)
	want := grids("a")
	if want == "" {
		t.Fatal("no grids")
	}
	clitest.OK(t, "pack", "--model", in("a"), "--out", in("packed"))
	clitest.OK(t, "pack", "--model", in("packed"), "--out", in("unpacked"), "--unpack")
	for _, name := range []string{"packed", "unpacked"} {
		if grids(name) != want {
			t.Errorf("%s: %d bytes of grids, want the %d of the model", name, len(grids(name)), len(want))
		}
		clitest.OK(t, "inspect", "--model", in(name))
		clitest.OK(t, "eval", "--model", in(name), "--text", text)
	}
	clitest.OK(t, append([]string{"prune", "--model", in("packed"), "--out", in("again")}, shortRun...)...)
	if grids("again") != "" {
		t.Error("the grids of former weights are beside new ones")
	}
	var report struct{ Tensors []struct{ Name string } }
	if err := json.Unmarshal([]byte(clitest.OK(t, "inspect", "--model", in("a"), "--json").Stdout), &report); err != nil {
		t.Fatal(err)
	}
	for _, x := range report.Tensors {
		if strings.HasSuffix(x.Name, ".scales") {
			t.Errorf("inspect lists %s", x.Name)
		}
	}
}

func TestWeightBitsUsage(t *testing.T) {
	for _, c := range []struct {
		says  string
		flags []string
	}{
		{"--wbits 1: want 2 to 8", []string{"--wbits", "1"}},
		{"--wbits 16: want 2 to 8", []string{"--wbits", "16"}},
		{"--wgroup 0: want at least 1", []string{"--wbits", "4", "--wgroup", "0"}},
		{"--wgroup: want --wbits as well", []string{"--wgroup", "64"}},
		{"--wround: want --wbits as well", []string{"--wround", "nearest"}},
		{"--wround \"\": want one of gptq, nearest", []string{"--wbits", "4", "--wround", ""}},
		{`--wround "up": want one of gptq, nearest`, []string{"--wbits", "4", "--wround", "up"}},
		{"want a multiple of 4", []string{"--wbits", "4", "--wgroup", "10", "--pattern", "2:4"}},
	} {
		clitest.PruneFails(t, golden.Path("models/stories260k"), exit.Usage, []string{c.says}, c.flags...)
	}
}
