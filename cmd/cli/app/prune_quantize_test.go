package app

import (
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
)

// TestWeightBits: weights are written on the grids that pruning.json holds, and the folder loads.
func TestWeightBits(t *testing.T) {
	model, text := golden.Path("models/stories260k"), idsFile(t, "eval.jsonl", goldenIDs(t, "stories260k_eval.u16", 2))
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
			okJSON(t, &r, append([]string{"prune", "--model", model, "--out", out, "--method", c.method, "--samples", "8", "--seqlen", "64",
				"--layers", "0:2", "--dtype", "float32", "--eval", text}, c.flags...)...)
			if r.Hyperparameters["wround"] != c.wround || r.Hyperparameters["wgroup"] != float64(c.group) {
				t.Errorf("hyperparameters %v", r.Hyperparameters)
			}
			ck := openCheckpoint(t, out)
			for _, l := range r.Layers {
				for _, x := range l.Tensors {
					g, err := x.Quantization.Grid(x.Shape[0], x.Shape[1])
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
			var got evalResult
			okJSON(t, &got, "eval", "--model", out, "--text", text)
			if got.Perplexity != r.Perplexity.After {
				t.Errorf("perplexity %v, the report says %v", got.Perplexity, r.Perplexity.After)
			}
		})
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
		pruneFails(t, golden.Path("models/stories260k"), statusUsage, []string{c.says}, c.flags...)
	}
}
