package prunecmd_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// TestInterruptDuringPrune: what is finished by then is kept for --resume; if nothing is, no trace is left.
func TestInterruptDuringPrune(t *testing.T) {
	model := golden.Path("models/stories260k")
	for _, c := range []struct {
		name, sign, method string
		keeps              bool // a layer is finished
	}{
		{"while it calibrates", "pruning ", "sparsegpt", false},
		{"between layers", "pruning: layer 0", "sparsegpt", true},
		{"in a solver that listens", "waiting", "test-wait", false},
		{"in a solver that does not", "deaf", "test-deaf", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out := filepath.Join(dir, "a", "out")
			args := []string{"prune", "--model", model, "--out", out,
				"--method", c.method, "--samples", "64", "--report", filepath.Join(dir, "page.html")}
			r := clitest.InterruptWhen(t, c.sign, 1, args...)
			clitest.WantInterrupted(t, r)
			if !c.keeps {
				clitest.WantEmpty(t, dir)
				return
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("output folder: %v, want that it does not exist", err)
			}
			if r := clitest.OK(t, append(args, "--resume")...); !strings.Contains(r.Stderr, "layer 0 (1 of 5) was done before") {
				t.Errorf("resumed: stderr %s", r.Stderr)
			}
		})
	}
}

// TestSecondInterrupt: nothing waits for cleaning up any more, but the final name stays free.
func TestSecondInterrupt(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	// The second signal follows the first one at once, so the process may see one or both.
	r := clitest.InterruptWhen(t, "deaf", 2, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "test-deaf", "--samples", "2")
	clitest.WantInterrupted(t, r)
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("output folder: %v, want that it does not exist", err)
	}
}

// TestPanicIsOneLine: a defect of a solver ends in one line and leaves nothing behind.
func TestPanicIsOneLine(t *testing.T) {
	dir := t.TempDir()
	r := clitest.Call(t, "prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(dir, "out"), "--method", "test-panic", "--samples", "2", "--no-progress")
	if r.Code != exit.Failed || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, "cli: internal error at solvers.go:") || !strings.Contains(r.Stderr, "kaputt; with lines") {
		t.Errorf("status %d, stderr %q; want 1 and one line that names place and cause", r.Code, r.Stderr)
	}
	clitest.WantEmpty(t, dir)
}
