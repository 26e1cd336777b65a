package clitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/exit"
)

// WantFailure checks the manners of a failing command: status, one clear last line, no trace, no
// output.
func WantFailure(t *testing.T, r Result, code int, says ...string) {
	t.Helper()
	if r.Code != code {
		t.Errorf("status %d, want %d; stderr:\n%s", r.Code, code, r.Stderr)
	}
	line := r.Last()
	if !strings.HasPrefix(line, "cli: ") {
		t.Errorf("last line %q, want one that starts with \"cli: \"", line)
	}
	for _, want := range says {
		if !strings.Contains(line, want) {
			t.Errorf("last line %q does not say %q", line, want)
		}
	}
	if strings.Contains(r.Stderr, "goroutine ") || strings.Contains(r.Stderr, "internal error") {
		t.Errorf("a panic came through:\n%s", r.Stderr)
	}
	if r.Stdout != "" {
		t.Errorf("stdout %q, want nothing", r.Stdout)
	}
}

// PruneFails runs prune on a model, expects it to fail and to leave the model and the folder of the
// output as they were, but for decoder layers that were finished by then.
func PruneFails(t *testing.T, model string, code int, says []string, flags ...string) {
	t.Helper()
	dir := t.TempDir()
	before := TreeHash(t, model)
	args := append([]string{"prune", "--model", model, "--out", filepath.Join(dir, "out"), "--report", filepath.Join(dir, "page.html"), "--samples", "2"}, flags...)
	WantFailure(t, Call(t, args...), code, says...)
	if journal, err := os.ReadFile(filepath.Join(dir, "out.partial", "journal")); err == nil && strings.Count(string(journal), "\n") > 1 {
		_ = os.RemoveAll(filepath.Join(dir, "out.partial")) // finished layers are kept, nothing else is
	}
	WantEmpty(t, dir)
	if after := TreeHash(t, model); after != before {
		t.Errorf("the input changed:\n%s\nwas\n%s", after, before)
	}
}

// WantInterrupted checks how a command ends that was interrupted.
func WantInterrupted(t *testing.T, r Result) {
	t.Helper()
	if r.Code != exit.Interrupted || r.Last() != "cli: interrupted" || r.Stdout != "" {
		t.Errorf("status %d, last line %q, stdout %q; want 130, \"cli: interrupted\" and nothing; stderr:\n%s", r.Code, r.Last(), r.Stdout, r.Stderr)
	}
}

// WantEmpty checks that nothing is left in a folder.
func WantEmpty(t *testing.T, dir string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		t.Errorf("%v is left behind in %s, want nothing", list, dir)
	}
}

// QuickPrune is a run of a second on the model in a folder.
func QuickPrune(model, out string, more ...string) []string {
	return append([]string{"prune", "--model", model, "--out", out, "--method", "magnitude", "--samples", "2", "--seqlen", "32", "--no-speed"}, more...)
}
