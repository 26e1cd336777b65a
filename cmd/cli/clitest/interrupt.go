package clitest

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// InterruptWhen starts the program, waits for a line on stderr that starts with sign, sends an
// interrupt so many times, and returns how the program ended.
func InterruptWhen(t *testing.T, sign string, times int, args ...string) Result {
	t.Helper()
	return InterruptAfter(t, sign, times, func() {}, args...)
}

// InterruptAfter is interruptWhen with something to do before the interrupt.
func InterruptAfter(t *testing.T, sign string, times int, before func(), args ...string) Result {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no interrupts to send there")
	}
	c := Program(args...)
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
	return Result{code, out.String(), errs.String()}
}
