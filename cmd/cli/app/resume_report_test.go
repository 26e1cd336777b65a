package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// TestResumeWritesReport: a run that was killed between its output and its page, or whose page could not
// be written, gets the page when it is resumed.
func TestResumeWritesReport(t *testing.T) {
	dir := t.TempDir()
	text := writeFileT(t, dir, "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 50))
	page := filepath.Join(dir, "page.html")
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(dir, "out"),
		"--method", "wanda", "--samples", "4", "--seqlen", "32", "--report", page}
	ok(t, args...)
	if err := os.Remove(page); err != nil {
		t.Fatal(err)
	}
	r := ok(t, append(args, "--resume")...)
	if !strings.Contains(r.stderr, "is complete already") || !strings.Contains(r.stdout, "report: "+page) {
		t.Errorf("stderr %s, stdout %s", r.stderr, r.stdout)
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "</html>") {
		t.Errorf("no page after resuming: error %v", err)
	}
	if r := ok(t, append(args, "--resume", "--eval", text)...); !strings.Contains(r.stderr, "did not evaluate") {
		t.Errorf("stderr %s, want that there is no perplexity", r.stderr)
	}
}
