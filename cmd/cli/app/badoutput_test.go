package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

func TestBadOutputs(t *testing.T) {
	model := golden.Path("models/stories260k")
	dir := t.TempDir()
	file := writeFileT(t, dir, "file", "precious")
	full := filepath.Join(dir, "full")
	half := filepath.Join(dir, "half")
	for _, d := range []string{full, half + ".partial"} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		writeFileT(t, d, "precious", "x")
	}
	inside := copyModel(t, "stories260k")
	for _, c := range []struct {
		name, model, out, report string
		code                     int
		says                     string
	}{
		{"existing", model, full, "", statusFailed, "full"},
		{"left over", model, half, "", statusFailed, "half.partial"},
		{"a file", model, file, "", statusFailed, "file"},
		{"below a file", model, filepath.Join(file, "out"), "", statusFailed, "file"},
		{"deep below a file", model, filepath.Join(file, "a", "out"), "", statusFailed, "file"},
		{"the input", inside, inside, "", statusUsage, "input"},
		{"inside the input", inside, filepath.Join(inside, "out"), "", statusUsage, "input"},
		{"around the input", inside, filepath.Dir(inside), "", statusUsage, "input"},
		{"the current folder", model, ".", "", statusUsage, "current folder"},
		{"around the current folder", model, "..", "", statusUsage, "current folder"},
		{"report in a missing folder", model, filepath.Join(dir, "out"), filepath.Join(dir, "gone", "page.html"), statusFailed, "--report"},
		{"report below a file", model, filepath.Join(dir, "out"), filepath.Join(file, "page.html"), statusFailed, "--report"},
		{"report is a folder", model, filepath.Join(dir, "out"), full, statusFailed, "--report"},
		{"report is the output folder", model, filepath.Join(dir, "out"), filepath.Join(dir, "out"), statusFailed, "is the output folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := treeHash(t, dir) + treeHash(t, c.model)
			args := []string{"prune", "--model", c.model, "--out", c.out, "--samples", "2", "--method", "magnitude", "--seqlen", "32"}
			if c.report != "" {
				args = append(args, "--report", c.report)
			}
			wantFailure(t, call(t, args...), c.code, c.says)
			if c.code == statusUsage { // force must not talk it over
				wantFailure(t, call(t, append(args, "--force")...), c.code, c.says)
			}
			if after := treeHash(t, dir) + treeHash(t, c.model); after != before {
				t.Errorf("files changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}
