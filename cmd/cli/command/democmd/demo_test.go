package democmd_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/democmd"
	"github.com/adagp/adagp/cmd/cli/command/inspectcmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// TestDemo runs the demo on little data: all its outputs, none of its figures.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	page, picture, kept := filepath.Join(dir, "page.html"), filepath.Join(dir, "p.svg"), filepath.Join(dir, "kept")
	args := []string{"demo", "--samples", "2", "--max-windows", "2", "--report", page, "--picture", picture, "--out", kept}
	var r democmd.Result
	clitest.OKJSON(t, &r, args...)
	if len(r.Models) != 2 || r.Sparsity != 0.7 || r.Report != page {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Models {
		if !(m.Dense > 1) || len(m.Results) != len(democmd.Methods) {
			t.Errorf("%s: dense %v, %d results", m.Model, m.Dense, len(m.Results))
		}
		for i, x := range m.Results {
			if x.Method != democmd.Methods[i] {
				t.Errorf("result %d is of %q, want %q", i, x.Method, democmd.Methods[i])
			}
			if !(x.Perplexity > m.Dense) || math.Abs(x.Sparsity-0.7) > 0.005 {
				t.Errorf("%s, %s: perplexity %v (dense %v), sparsity %v", m.Model, x.Method, x.Perplexity, m.Dense, x.Sparsity)
			}
			var seen inspectcmd.Result
			clitest.OKJSON(t, &seen, "inspect", "--model", x.Folder)
			if math.Abs(seen.Decoder.Sparsity-0.7) > 0.005 {
				t.Errorf("%s: sparsity %v", x.Folder, seen.Decoder.Sparsity)
			}
		}
	}
	for _, path := range []string{page, picture} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"demo:llama", "demo:opt", "adagp", "adagp:paper", "adagp:fast", "sparsegpt", "wanda", "magnitude", `class="bar own"`, "prefers-color-scheme: dark"} {
			if !bytes.Contains(b, []byte(want)) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	b, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	golden.Picture(t, b)
	clitest.WantFailure(t, clitest.Call(t, args...), exit.Failed, "--force")
}

// TestDemoFiles: the demo's files obey the same rule, and do not replace each other or the models it keeps.
func TestDemoFiles(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	one := filepath.Join(dir, "one.html")
	for _, c := range []struct {
		says string
		args []string
	}{
		{"--picture " + one + ": is the same file as --report", []string{"--report", one, "--picture", one}},
		{"output folder", []string{"--out", kept, "--report", filepath.Join(kept, "llama-wanda", "config.json")}},
		{"output folder", []string{"--out", kept, "--picture", filepath.Join(kept, "opt-adagp", "config.json")}},
	} {
		r := clitest.Call(t, append([]string{"demo", "--samples", "2", "--max-windows", "2"}, c.args...)...)
		clitest.WantFailure(t, r, exit.Usage, c.says)
	}
	clitest.WantEmpty(t, dir)
}
