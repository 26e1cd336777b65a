package prunecmd_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/prune"
)

// TestPrunedModelOverflows: logits that are infinite after pruning cost the model its perplexity, not its folder.
func TestPrunedModelOverflows(t *testing.T) {
	dir, model, windows := clitest.LoudModel(t, 1.1e38) // near the largest float32: the dense model stays below, by a tenth
	out, text := filepath.Join(dir, "out"), filepath.Join(dir, "eval.jsonl")
	if err := os.WriteFile(text, []byte(`{"input_ids":[7,7]}`), 0o666); err != nil {
		t.Fatal(err)
	}
	var r prune.Report
	clitest.OKJSON(t, &r, "prune", "--model", model, "--calib", windows, "--eval", text, "--method", "magnitude", "--sparsity", "0.9", "--out", out)
	if p := r.Perplexity; p == nil || math.IsInf(float64(p.BeforeNLL), 0) || !math.IsInf(float64(p.AfterNLL), 1) {
		t.Errorf("perplexity %+v", p)
	}
	if _, err := os.Stat(filepath.Join(out, "pruning.json")); err != nil {
		t.Error(err)
	}
}
