package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// interruptWhen starts the program, waits for a line on stderr that starts with sign, sends an
// interrupt so many times, and returns how the program ended.
func interruptWhen(t *testing.T, sign string, times int, args ...string) result {
	t.Helper()
	return interruptAfter(t, sign, times, func() {}, args...)
}

// interruptAfter is interruptWhen with something to do before the interrupt.
func interruptAfter(t *testing.T, sign string, times int, before func(), args ...string) result {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no interrupts to send there")
	}
	c := program(args...)
	var out strings.Builder
	c.Stdout = &out
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill() //nolint:errcheck // it has ended by then
	var errs strings.Builder
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		errs.WriteString(line)
		if err != nil {
			t.Fatalf("the program ended without %q: %s", sign, errs.String())
		}
		if strings.HasPrefix(line, sign) {
			break
		}
	}
	before()
	for range times {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	errs.Write(rest)
	code := 0
	var exit *exec.ExitError
	if err := c.Wait(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return result{code, out.String(), errs.String()}
}

func wantInterrupted(t *testing.T, r result) {
	t.Helper()
	if r.code != statusInterrupted || r.last() != "cli: interrupted" || r.stdout != "" {
		t.Errorf("status %d, last line %q, stdout %q; want 130, \"cli: interrupted\" and nothing; stderr:\n%s", r.code, r.last(), r.stdout, r.stderr)
	}
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		t.Errorf("%v is left behind in %s, want nothing", list, dir)
	}
}

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
			r := interruptWhen(t, c.sign, 1, args...)
			wantInterrupted(t, r)
			if !c.keeps {
				wantEmpty(t, dir)
				return
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("output folder: %v, want that it does not exist", err)
			}
			if r := ok(t, append(args, "--resume")...); !strings.Contains(r.stderr, "layer 0 (1 of 5) was done before") {
				t.Errorf("resumed: stderr %s", r.stderr)
			}
		})
	}
}

// TestSecondInterrupt: nothing waits for cleaning up any more, but the final name stays free.
func TestSecondInterrupt(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	// The second signal follows the first one at once, so the process may see one or both.
	r := interruptWhen(t, "deaf", 2, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "test-deaf", "--samples", "2")
	wantInterrupted(t, r)
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("output folder: %v, want that it does not exist", err)
	}
}

func TestInterruptDuringEval(t *testing.T) {
	text := writeFileT(t, t.TempDir(), "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 20000))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := callContext(t, ctx, "eval", "--model", golden.Path("models/stories260k"), "--text", text)
	wantInterrupted(t, r)
}

// TestPanicIsOneLine: a defect of a solver ends in one line and leaves nothing behind.
func TestPanicIsOneLine(t *testing.T) {
	dir := t.TempDir()
	r := call(t, "prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(dir, "out"), "--method", "test-panic", "--samples", "2", "--no-progress")
	if r.code != statusFailed || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "cli: internal error at main_test.go:") || !strings.Contains(r.stderr, "kaputt; with lines") {
		t.Errorf("status %d, stderr %q; want 1 and one line that names place and cause", r.code, r.stderr)
	}
	wantEmpty(t, dir)
}
