package prunecmd_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
)

// TestReportSparesInputs: a page never takes the place of what the run reads, nor of the model it makes.
func TestReportSparesInputs(t *testing.T) {
	model := clitest.CopyModel(t, "stories260k")
	dir := t.TempDir()
	text := clitest.WriteFile(t, dir, "c.txt", strings.Repeat("Once upon a time there was a little girl. ", 50))
	held := clitest.WriteFile(t, dir, "e.txt", strings.Repeat("The girl had a cat, and the cat had a hat. ", 50))
	shares := clitest.WriteFile(t, dir, "shares.json", `{"q_proj": 0.6, "down_proj": 0.4}`)
	// As in a cache of Hugging Face: the folder's file is a link to a file elsewhere.
	blob := filepath.Join(dir, "blob")
	if err := os.Rename(filepath.Join(model, "config.json"), blob); err != nil {
		t.Fatal(err)
	}
	clitest.Link(t, blob, filepath.Join(model, "config.json"))
	toText := clitest.Link(t, text, filepath.Join(dir, "to-text"))
	toModel := clitest.Link(t, model, filepath.Join(dir, "to-model"))
	twin := filepath.Join(dir, "twin.txt")
	if err := os.Link(text, twin); err != nil {
		t.Skipf("no hard links: %v", err)
	}
	nowhere := clitest.Link(t, filepath.Join(dir, "gone"), filepath.Join(dir, "to-nowhere"))
	out := filepath.Join(dir, "out")
	for _, c := range []struct{ name, report, says string }{
		{"the weights", filepath.Join(model, "model.safetensors"), "inside the input"},
		{"a new file in the model's folder", filepath.Join(model, "page.html"), "inside the input"},
		{"through a link to the folder", filepath.Join(toModel, "page.html"), "inside the input"},
		{"a file that the folder links to", blob, "is part of the input"},
		{"the calibration text", text, "is the input"},
		{"a link to the calibration text", toText, "is the input"},
		{"another name of the calibration text", twin, "is the input"},
		{"the evaluation text", held, "is the input"},
		{"the allocation", shares, "is the input"},
		{"a link that leads nowhere", nowhere, "leads nowhere"},
		{"the result", filepath.Join(out, "model.safetensors"), "output folder"},
		{"the result's record", filepath.Join(out, "pruning.json"), "output folder"},
		{"the folder of unfinished work", filepath.Join(out+".partial", "page.html"), "unfinished"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := clitest.TreeHash(t, dir) + clitest.TreeHash(t, model)
			args := clitest.QuickPrune(model, out, "--calib", text, "--eval", held, "--allocation", shares, "--report", c.report)
			for _, force := range [][]string{nil, {"--force"}} {
				r := clitest.Call(t, append(args, force...)...)
				clitest.WantFailure(t, r, exit.Usage, "--report "+c.report)
				clitest.WantFailure(t, r, exit.Usage, c.says)
			}
			if after := clitest.TreeHash(t, dir) + clitest.TreeHash(t, model); after != before {
				t.Errorf("files changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}

// TestReportPlaces: where a page may go it goes, also beside the pruned model and over an earlier page.
func TestReportPlaces(t *testing.T) {
	model := clitest.CopyModel(t, "stories260k")
	dir := t.TempDir()
	old := clitest.WriteFile(t, dir, "old.html", "an earlier page")
	behind := clitest.WriteFile(t, dir, "behind.html", "an earlier page")
	toBehind := clitest.Link(t, "behind.html", filepath.Join(dir, "link.html"))
	out := filepath.Join(dir, "out")
	for _, c := range []struct{ report, at string }{
		{filepath.Join(dir, "new.html"), ""},
		{old, ""},
		{toBehind, behind},
		{filepath.Join(out, "page.html"), ""},
	} {
		clitest.OK(t, clitest.QuickPrune(model, out, "--force", "--report", c.report)...)
		if c.at == "" {
			c.at = c.report
		}
		if b, err := os.ReadFile(c.at); err != nil || !strings.Contains(string(b), "</html>") {
			t.Errorf("--report %s: no page in %s (%v)", c.report, c.at, err)
		}
	}
	if info, err := os.Lstat(toBehind); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%s is no link any more", toBehind)
	}
	// The page beside the model is written again by a run that finds everything done.
	clitest.OK(t, clitest.QuickPrune(model, out, "--resume", "--report", filepath.Join(out, "page.html"))...)
}

// TestReportIntoStdout: what is no regular file is written into, as the shell would.
func TestReportIntoStdout(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no /dev there")
	}
	dir := t.TempDir()
	model := clitest.CopyModel(t, "stories260k")
	// Not /dev/stdout itself: a defect that replaced it would break the machine of whoever tests as root.
	const stdout = "/dev/fd/1"
	toStdout := clitest.Link(t, "/dev/stdout", filepath.Join(dir, "page.html"))
	for _, path := range []string{stdout, toStdout} {
		c := clitest.Program(clitest.QuickPrune(model, filepath.Join(dir, "out"), "--force", "--no-progress", "--report", path)...)
		b, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		page, table, found := strings.Cut(string(b), "</html>")
		if !found || !strings.HasPrefix(page, "<!doctype html>") || !strings.Contains(table, "weights are zero") {
			t.Errorf("--report %s to a pipe: got %.100q… and %q", path, page, table)
		}
	}
	// The same into a file: the page comes first, the table behind it, and the file keeps its place.
	f, err := os.Create(filepath.Join(dir, "all.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := clitest.Program(clitest.QuickPrune(model, filepath.Join(dir, "out"), "--force", "--no-progress", "--report", toStdout)...)
	c.Stdout = f
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f.Name())
	if _, table, found := strings.Cut(string(b), "</html>"); err != nil || !found || !strings.Contains(table, "weights are zero") {
		t.Errorf("--report %s to a file: %v, found a page %t and behind it %q", toStdout, err, found, table)
	}
	if info, err := os.Lstat(toStdout); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%s is no link any more", toStdout)
	}
}
