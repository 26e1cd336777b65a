package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
)

// TestOutputTaken: somebody takes the name of the output while a run is under way. The run ends with an
// error that says what is kept and how to go on; so does every attempt to resume, and when the name is
// free the run is completed.
func TestOutputTaken(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	theirs := filepath.Join(out, "theirs")
	take := func() {
		if err := os.MkdirAll(theirs, 0o777); err != nil {
			t.Error(err)
		}
	}
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "test-take", "--samples", "4", "--seqlen", "64"}
	refuse := func(r result) {
		t.Helper()
		const want = "the finished part of the work is kept in "
		if r.code != statusFailed || !strings.Contains(r.last(), want+out+".partial") || !strings.Contains(r.last(), "--resume") {
			t.Errorf("status %d, last line %q; want 1, %q, the folder and --resume", r.code, r.last(), want)
		}
	}
	onTaken = take
	t.Cleanup(func() { onTaken = func() {} })
	refuse(call(t, args...))
	onTaken = func() {}
	for range 3 {
		refuse(call(t, append(args, "--resume")...))
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
	ok(t, append(args, "--resume", "--force")...)
	if _, err := os.Stat(theirs); err == nil {
		t.Error("--force left what was in the way")
	}
	if _, err := os.Stat(out + ".partial"); err == nil {
		t.Error("the partial folder is still there")
	}
}

// onTaken is called by the solver test-take in the second decoder layer.
var onTaken = func() {}

func init() {
	registry.Plain("test-take", "does something else on the way", solverFunc{"test-take", func(_ context.Context, p *local.Problem) (*local.Solution, error) {
		if strings.Contains(p.Name, ".layers.1.") {
			onTaken()
		}
		return everySecond(p), nil
	}})
}
