package prunecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/internal/version"
)

// TestResumeByAnotherBuild: builds that carry no version are told apart by their executables, so that one
// does not go on with what another has begun.
func TestResumeByAnotherBuild(t *testing.T) {
	if v := version.Name(); v != "(devel)" && !strings.HasSuffix(v, "+dirty") {
		t.Skipf("this build has the version %s", v)
	}
	dir := t.TempDir()
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(dir, "out"), "--method", "test-wait-later", "--samples", "2", "--seqlen", "32"}
	clitest.WantInterrupted(t, clitest.InterruptWhen(t, "waiting", 1, args...))
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, append(self, 0), 0o755); err != nil { // the loader does not mind a byte more
		t.Fatal(err)
	}
	c := clitest.Program(append(args, "--resume")...)
	c.Path = other
	c.Env = append(c.Env, clitest.DontWait+"=1")
	if b, err := c.CombinedOutput(); err == nil || !strings.Contains(string(b), "program version") {
		t.Errorf("another build resumed: %v, want that it refuses because of the version; %s", err, b)
	}
	c = clitest.Program(append(args, "--resume")...)
	c.Env = append(c.Env, clitest.DontWait+"=1")
	if b, err := c.CombinedOutput(); err != nil {
		t.Errorf("the same build did not resume: %v; %s", err, b)
	}
}
