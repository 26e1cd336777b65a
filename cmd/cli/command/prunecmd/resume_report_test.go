package prunecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
)

// TestResumeWritesReport: a run that was killed between its output and its page, or whose page could not
// be written, gets the page when it is resumed.
func TestResumeWritesReport(t *testing.T) {
	dir := t.TempDir()
	text := clitest.WriteFile(t, dir, "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 50))
	page := filepath.Join(dir, "page.html")
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(dir, "out"),
		"--method", "wanda", "--samples", "4", "--seqlen", "32", "--report", page}
	clitest.OK(t, args...)
	if err := os.Remove(page); err != nil {
		t.Fatal(err)
	}
	r := clitest.OK(t, append(args, "--resume")...)
	if !strings.Contains(r.Stderr, "is complete already") || !strings.Contains(r.Stdout, "report: "+page) {
		t.Errorf("stderr %s, stdout %s", r.Stderr, r.Stdout)
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "</html>") {
		t.Errorf("no page after resuming: error %v", err)
	}
	if r := clitest.OK(t, append(args, "--resume", "--eval", text)...); !strings.Contains(r.Stderr, "did not evaluate") {
		t.Errorf("stderr %s, want that there is no perplexity", r.Stderr)
	}
}
