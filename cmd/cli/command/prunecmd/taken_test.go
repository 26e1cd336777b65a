package prunecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
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
	refuse := func(r clitest.Result) {
		t.Helper()
		const want = "the finished part of the work is kept in "
		if r.Code != exit.Failed || !strings.Contains(r.Last(), want+out+".partial") || !strings.Contains(r.Last(), "--resume") {
			t.Errorf("status %d, last line %q; want 1, %q, the folder and --resume", r.Code, r.Last(), want)
		}
	}
	clitest.OnTaken = take
	t.Cleanup(func() { clitest.OnTaken = func() {} })
	refuse(clitest.Call(t, args...))
	clitest.OnTaken = func() {}
	for range 3 {
		refuse(clitest.Call(t, append(args, "--resume")...))
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
	clitest.OK(t, append(args, "--resume", "--force")...)
	if _, err := os.Stat(theirs); err == nil {
		t.Error("--force left what was in the way")
	}
	if _, err := os.Stat(out + ".partial"); err == nil {
		t.Error("the partial folder is still there")
	}
}
