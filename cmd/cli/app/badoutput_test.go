package app

import (
	"os"
	"path/filepath"
	"strings"
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
	within := filepath.Join(dir, "within")
	if err := os.Mkdir(within+".partial", 0o755); err != nil {
		t.Fatal(err)
	}
	text := writeFileT(t, within+".partial", "text.txt", strings.Repeat("Once upon a time there was a text. ", 50))
	linked := filepath.Join(dir, "linked")
	if err := os.Symlink(full, linked+".partial"); err != nil {
		t.Fatal(err)
	}
	inside := copyModel(t, "stories260k")
	named := filepath.Join(t.TempDir(), "model.partial") // a model folder with the name of a left-over
	if err := os.Rename(copyModel(t, "stories260k"), named); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, model, out, report string
		more                     []string
		code                     int
		says                     string
	}{
		{"existing", model, full, "", nil, statusFailed, "full"},
		{"left over", model, half, "", nil, statusFailed, "half.partial"},
		{"a file", model, file, "", nil, statusFailed, "file"},
		{"below a file", model, filepath.Join(file, "out"), "", nil, statusFailed, "file"},
		{"deep below a file", model, filepath.Join(file, "a", "out"), "", nil, statusFailed, "file"},
		{"the input", inside, inside, "", nil, statusUsage, "input"},
		{"inside the input", inside, filepath.Join(inside, "out"), "", nil, statusUsage, "input"},
		{"around the input", inside, filepath.Dir(inside), "", nil, statusUsage, "input"},
		{"the current folder", model, ".", "", nil, statusUsage, "current folder"},
		{"around the current folder", model, "..", "", nil, statusUsage, "current folder"},
		{"report in a missing folder", model, filepath.Join(dir, "out"), filepath.Join(dir, "gone", "page.html"), nil, statusFailed, "--report"},
		{"report below a file", model, filepath.Join(dir, "out"), filepath.Join(file, "page.html"), nil, statusFailed, "--report"},
		{"report is a folder", model, filepath.Join(dir, "out"), full, nil, statusFailed, "--report"},
		{"report is the output folder", model, filepath.Join(dir, "out"), filepath.Join(dir, "out"), nil, statusFailed, "is the output folder"},
		{"left over is a link", model, linked, "", nil, statusFailed, "linked.partial is a symbolic link that no run has left there"},
		{"left over is a link, forced", model, linked, "", []string{"--force"}, statusFailed, "linked.partial is a symbolic link that no run has left there"},
		{"left over is a link, resumed", model, linked, "", []string{"--resume"}, statusFailed, "linked.partial is a symbolic link that no run has left there"},
		{"left over of somebody else, forced", model, half, "", []string{"--force"}, statusFailed, "half.partial/precious is a file that no run has left there"},
		{"left over holds the text", model, within, "", []string{"--calib", text}, statusUsage, "within.partial, which is or holds the input"},
		{"left over is the input", named, strings.TrimSuffix(named, ".partial"), "", nil, statusUsage, "input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := treeHash(t, dir) + treeHash(t, c.model)
			args := []string{"prune", "--model", c.model, "--out", c.out, "--samples", "2", "--method", "magnitude", "--seqlen", "32"}
			args = append(args, c.more...)
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
