package app

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

	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// asProgram makes the test binary behave as the program itself, so that exit statuses and signals
// are tested on a process of its own.
const asProgram = "ADAGP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		killMyself()
		os.Exit(Main())
	}
	os.Exit(m.Run())
}

// killAt makes such a process end itself without warning when it has used that much processor time, in
// microseconds: unlike wall time it does not depend on what else the machine does.
const killAt = "ADAGP_TEST_KILL_AT"

func killMyself() {
	limit, err := strconv.Atoi(os.Getenv(killAt))
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

// program returns a command that runs this binary as the program.
func program(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

// result of one command line.
type result struct {
	code           int
	stdout, stderr string
}

// last is the last line on stderr.
func (r result) last() string {
	lines := strings.Split(strings.TrimRight(r.stderr, "\n"), "\n")
	return lines[len(lines)-1]
}

// call runs a command line in this process.
func call(t testing.TB, args ...string) result {
	t.Helper()
	return callContext(t, context.Background(), args...)
}

func callContext(t testing.TB, ctx context.Context, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run(ctx, append([]string{programName}, args...), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// ok runs a command line that must succeed.
func ok(t testing.TB, args ...string) result {
	t.Helper()
	r := call(t, args...)
	if r.code != statusDone {
		t.Fatalf("%s: status %d, want 0; stderr:\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r
}

// okJSON runs a command line that must succeed and print one JSON object, which v receives.
func okJSON(t testing.TB, v any, args ...string) {
	t.Helper()
	r := ok(t, append(args, "--json")...)
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v in %s", strings.Join(args, " "), err, r.stdout)
	}
	if d.More() {
		t.Fatalf("%s: more than one JSON value on stdout", strings.Join(args, " "))
	}
}

// Solvers that misbehave, each in its own way; they also show that a solver registered anywhere is
// usable by name here.
func init() {
	registry.Plain("test-panic", "panics", solverFunc{"test-panic", func(context.Context, *local.Problem) (*local.Solution, error) { panic("kaputt\nwith lines") }})
	registry.Plain("test-deaf", "never returns", solverFunc{"test-deaf", func(context.Context, *local.Problem) (*local.Solution, error) {
		os.Stderr.WriteString("deaf\n")
		select {}
	}})
	registry.Plain("test-wait", "waits for the interrupt", solverFunc{"test-wait", func(ctx context.Context, _ *local.Problem) (*local.Solution, error) {
		os.Stderr.WriteString("waiting\n")
		<-ctx.Done()
		return nil, ctx.Err()
	}})
}

// dontWait lets test-wait-later go through.
const dontWait = "ADAGP_TEST_DONT_WAIT"

func init() {
	registry.Plain("test-wait-later", "waits for the interrupt in the second decoder layer", solverFunc{"test-wait-later", func(ctx context.Context, p *local.Problem) (*local.Solution, error) {
		if os.Getenv(dontWait) == "" && strings.Contains(p.Name, ".layers.1.") {
			os.Stderr.WriteString("waiting\n")
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return everySecond(p), nil
	}})
}

// solverFunc is a solver made of a function.
type solverFunc struct {
	name  string
	solve func(context.Context, *local.Problem) (*local.Solution, error)
}

func (f solverFunc) Describe() local.Description { return local.Description{Name: f.name} }

func (solverFunc) Needs() local.Needs { return local.Needs{} }
func (f solverFunc) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	return f.solve(ctx, p)
}

// everySecond keeps the even columns.
func everySecond(p *local.Problem) *local.Solution {
	mask := sparsity.NewMask(p.W.Rows, p.W.Cols)
	for i := range p.W.Rows {
		for j := range p.W.Cols {
			mask.Set(i, j, j%2 == 0)
		}
	}
	return p.Masked(mask)
}

// dropFirst prunes the first N of every M weights of a row.
func dropFirst(_ context.Context, p *local.Problem) (*local.Solution, error) {
	mask := sparsity.NewMask(p.W.Rows, p.W.Cols)
	for i := range p.W.Rows {
		for j := range p.W.Cols {
			mask.Set(i, j, j%p.Pattern.M >= p.Pattern.N)
		}
	}
	return p.Masked(mask), nil
}
