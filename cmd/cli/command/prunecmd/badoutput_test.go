package prunecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

func TestBadOutputs(t *testing.T) {
	model := golden.Path("models/stories260k")
	dir := t.TempDir()
	file := clitest.WriteFile(t, dir, "file", "precious")
	full := filepath.Join(dir, "full")
	half := filepath.Join(dir, "half")
	for _, d := range []string{full, half + ".partial"} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		clitest.WriteFile(t, d, "precious", "x")
	}
	within := filepath.Join(dir, "within")
	if err := os.Mkdir(within+".partial", 0o755); err != nil {
		t.Fatal(err)
	}
	text := clitest.WriteFile(t, within+".partial", "text.txt", strings.Repeat("Once upon a time there was a text. ", 50))
	linked := filepath.Join(dir, "linked")
	if err := os.Symlink(full, linked+".partial"); err != nil {
		t.Fatal(err)
	}
	inside := clitest.CopyModel(t, "stories260k")
	named := filepath.Join(t.TempDir(), "model.partial") // a model folder with the name of a left-over
	if err := os.Rename(clitest.CopyModel(t, "stories260k"), named); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, model, out, report string
		more                     []string
		code                     int
		says                     string
	}{
		{"existing", model, full, "", nil, exit.Failed, "full"},
		{"left over", model, half, "", nil, exit.Failed, "half.partial"},
		{"a file", model, file, "", nil, exit.Failed, "file"},
		{"below a file", model, filepath.Join(file, "out"), "", nil, exit.Failed, "file"},
		{"deep below a file", model, filepath.Join(file, "a", "out"), "", nil, exit.Failed, "file"},
		{"the input", inside, inside, "", nil, exit.Usage, "input"},
		{"inside the input", inside, filepath.Join(inside, "out"), "", nil, exit.Usage, "input"},
		{"around the input", inside, filepath.Dir(inside), "", nil, exit.Usage, "input"},
		{"the current folder", model, ".", "", nil, exit.Usage, "current folder"},
		{"around the current folder", model, "..", "", nil, exit.Usage, "current folder"},
		{"report in a missing folder", model, filepath.Join(dir, "out"), filepath.Join(dir, "gone", "page.html"), nil, exit.Failed, "--report"},
		{"report below a file", model, filepath.Join(dir, "out"), filepath.Join(file, "page.html"), nil, exit.Failed, "--report"},
		{"report is a folder", model, filepath.Join(dir, "out"), full, nil, exit.Failed, "--report"},
		{"report is the output folder", model, filepath.Join(dir, "out"), filepath.Join(dir, "out"), nil, exit.Failed, "is the output folder"},
		{"left over is a link", model, linked, "", nil, exit.Failed, "linked.partial is a symbolic link that no run has left there"},
		{"left over is a link, forced", model, linked, "", []string{"--force"}, exit.Failed, "linked.partial is a symbolic link that no run has left there"},
		{"left over is a link, resumed", model, linked, "", []string{"--resume"}, exit.Failed, "linked.partial is a symbolic link that no run has left there"},
		{"left over of somebody else, forced", model, half, "", []string{"--force"}, exit.Failed, "half.partial/precious is a file that no run has left there"},
		{"left over holds the text", model, within, "", []string{"--calib", text}, exit.Usage, "within.partial, which is or holds the input"},
		{"left over is the input", named, strings.TrimSuffix(named, ".partial"), "", nil, exit.Usage, "input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := clitest.TreeHash(t, dir) + clitest.TreeHash(t, c.model)
			args := []string{"prune", "--model", c.model, "--out", c.out, "--samples", "2", "--method", "magnitude", "--seqlen", "32"}
			args = append(args, c.more...)
			if c.report != "" {
				args = append(args, "--report", c.report)
			}
			clitest.WantFailure(t, clitest.Call(t, args...), c.code, c.says)
			if c.code == exit.Usage { // force must not talk it over
				clitest.WantFailure(t, clitest.Call(t, append(args, "--force")...), c.code, c.says)
			}
			if after := clitest.TreeHash(t, dir) + clitest.TreeHash(t, c.model); after != before {
				t.Errorf("files changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}
