// Package clitest runs command lines in tests of the program, in the same process or as one of its own, and has
// what such tests share: model folders that may be spoilt, token windows, solvers that misbehave, and checks.
package clitest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/app"
	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/session"
)

// CallWith runs a command line with the given text on stdin.
func CallWith(t testing.TB, stdin string, args ...string) Result {
	t.Helper()
	var out, errs bytes.Buffer
	p := &session.Process{Stdout: &out, Stderr: &errs, Stdin: strings.NewReader(stdin)}
	code := app.Execute(t.Context(), p, append([]string{exit.Program}, args...))
	return Result{code, out.String(), errs.String()}
}

// asProgram makes the test binary behave as the program itself, so that exit statuses and signals
// are tested on a process of its own.
const asProgram = "ADAGP_TEST_AS_PROGRAM"

// Main is what TestMain of a package calls whose tests start the program.
func Main(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		killMyself()
		os.Exit(app.Main())
	}
	os.Exit(m.Run())
}

// KillAt makes such a process end itself without warning when it has used that much processor time, in
// microseconds: unlike wall time it does not depend on what else the machine does.
const KillAt = "ADAGP_TEST_KILL_AT"

func killMyself() {
	limit, err := strconv.Atoi(os.Getenv(KillAt))
	if err != nil {
		return
	}
	go func() {
		for bench.ProcessorTime() <= time.Duration(limit)*time.Microsecond {
			time.Sleep(200 * time.Microsecond)
		}
		if p, err := os.FindProcess(os.Getpid()); err == nil {
			_ = p.Kill()
		}
	}()
}

// Program returns a command that runs this binary as the program.
func Program(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

// Result of one command line.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Last is the last line on stderr.
func (r Result) Last() string {
	lines := strings.Split(strings.TrimRight(r.Stderr, "\n"), "\n")
	return lines[len(lines)-1]
}

// Call runs a command line in this process.
func Call(t testing.TB, args ...string) Result {
	t.Helper()
	return CallContext(t, context.Background(), args...)
}

// CallContext is Call under a context of one's own.
func CallContext(t testing.TB, ctx context.Context, args ...string) Result {
	t.Helper()
	var out, errs bytes.Buffer
	code := app.Run(ctx, append([]string{exit.Program}, args...), &out, &errs)
	return Result{code, out.String(), errs.String()}
}

// OK runs a command line that must succeed.
func OK(t testing.TB, args ...string) Result {
	t.Helper()
	r := Call(t, args...)
	if r.Code != exit.Done {
		t.Fatalf("%s: status %d, want 0; stderr:\n%s", strings.Join(args, " "), r.Code, r.Stderr)
	}
	return r
}

// OKJSON runs a command line that must succeed and print one JSON object, which v receives.
func OKJSON(t testing.TB, v any, args ...string) {
	t.Helper()
	r := OK(t, append(args, "--json")...)
	d := json.NewDecoder(strings.NewReader(r.Stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v in %s", strings.Join(args, " "), err, r.Stdout)
	}
	if d.More() {
		t.Fatalf("%s: more than one JSON value on stdout", strings.Join(args, " "))
	}
}
