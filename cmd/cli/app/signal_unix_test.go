//go:build unix

package app_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// signalled starts a run that waits in its second layer, sends it a signal there, and returns how it ended.
func signalled(t *testing.T, sig syscall.Signal, out string) (state *os.ProcessState, stderr string) {
	t.Helper()
	c := clitest.Program("prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "test-wait-later", "--samples", "2", "--seqlen", "32")
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill() //nolint:errcheck // it has ended by then
	var all strings.Builder
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			t.Fatalf("the program ended before it waited: %s", all.String())
		}
		if line == "waiting\n" {
			break
		}
	}
	if err := c.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	all.Write(rest)
	_ = c.Wait() // the state says more
	return c.ProcessState, all.String()
}

// TestHangUpAndQuit: a closed terminal and Ctrl-\ end a run in order, with its work kept.
func TestHangUpAndQuit(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			if signal.Ignored(sig) {
				t.Skip("the tests run under nohup or the like, and so would the program")
			}
			out := filepath.Join(t.TempDir(), "out")
			state, stderr := signalled(t, sig, out)
			lines := strings.Split(strings.TrimRight(stderr, "\n"), "\n")
			if state.ExitCode() != exit.Interrupted || lines[len(lines)-1] != "cli: interrupted" {
				t.Errorf("%v, want status 130 and \"cli: interrupted\"; stderr:\n%s", state, stderr)
			}
			if _, err := os.Stat(out + ".partial"); err != nil {
				t.Errorf("the finished layer is not kept: %v", err)
			}
		})
	}
}

// TestIgnoredHangUp: who starts a run under nohup wants it to outlive the terminal.
func TestIgnoredHangUp(t *testing.T) {
	c := clitest.Program("prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(t.TempDir(), "out"), "--method", "magnitude", "--samples", "2", "--seqlen", "32")
	sh := exec.Command("sh", append([]string{"-c", `trap "" HUP; exec "$@"`, "sh"}, c.Args...)...)
	sh.Env = c.Env
	pipe, err := sh.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(pipe)
	first, err := lines.ReadString('\n') // the program is at work
	if err != nil {
		t.Fatal(err)
	}
	_ = sh.Process.Signal(syscall.SIGHUP) // it may be done by now
	rest, _ := io.ReadAll(lines)
	if err := sh.Wait(); err != nil {
		t.Errorf("%v, want that it takes no notice: %s%s", err, first, rest)
	}
}

// closesAfterOneLine runs the program with its stderr, or both outputs, in a pipe that closes after a line.
func closesAfterOneLine(t *testing.T, both bool, args ...string) (*os.ProcessState, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := clitest.Program(args...)
	c.Stderr = w
	var out strings.Builder
	c.Stdout = &out
	if both {
		c.Stdout = w
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := bufio.NewReaderSize(r, 16).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	r.Close()
	_ = c.Wait() // the state says more
	return c.ProcessState, out.String()
}

// TestClosedProgressPipe: `2>&1 | head -1` costs the lines that nobody reads, not the run.
func TestClosedProgressPipe(t *testing.T) {
	dir := t.TempDir()
	model := golden.Path("models/stories260k")
	for _, c := range []struct {
		name string
		both bool
		code int
	}{{"stderr", false, exit.Done}, {"both", true, exit.Failed}} {
		out := filepath.Join(dir, c.name)
		state, stdout := closesAfterOneLine(t, c.both, clitest.QuickPrune(model, out)...)
		if state.ExitCode() != c.code {
			t.Errorf("%s closed: %v, want status %d", c.name, state, c.code)
		}
		if !c.both && !strings.Contains(stdout, "weights are zero") {
			t.Errorf("%s closed: stdout %q, want the result", c.name, stdout)
		}
		clitest.OK(t, "inspect", "--model", out) // complete
		if _, err := os.Stat(out + ".partial"); err == nil {
			t.Errorf("%s closed: %s.partial is left", c.name, out)
		}
	}
}

// TestClosedStdout: results that nobody takes are an error in one line, and a text ends where its reader did.
func TestClosedStdout(t *testing.T) {
	for _, args := range [][]string{
		{"methods"},
		{"generate", "--model", "demo:llama", "--prompt", "The", "--max-tokens", "200", "--no-progress"},
		{"generate", "--model", "demo:llama", "--chat", "--prompt", "The", "--max-tokens", "200", "--no-progress"},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		c := clitest.Program(args...)
		c.Stdout = w
		c.Stdin = strings.NewReader("old man\n")
		var stderr strings.Builder
		c.Stderr = &stderr
		_ = c.Run() // the state says more
		w.Close()
		if c.ProcessState.ExitCode() != exit.Failed || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), "to stdout: ") {
			t.Errorf("%v: %v, stderr %q; want status 1 and a line about stdout", args, c.ProcessState, stderr.String())
		}
	}
}
