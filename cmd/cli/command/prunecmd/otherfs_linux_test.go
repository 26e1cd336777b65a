package prunecmd_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
)

// TestOtherFileSystem: input, output and scratch folder need not share a file system, whether the output's
// name is one there or a link to a folder there, and a run that is killed goes on there as well.
func TestOtherFileSystem(t *testing.T) {
	here := t.TempDir()
	there, err := os.MkdirTemp("/dev/shm", "adagp-test-*")
	if err != nil {
		t.Skipf("no second file system: %v", err)
	}
	defer os.RemoveAll(there)
	device := func(dir string) uint64 {
		var s syscall.Stat_t
		if err := syscall.Stat(dir, &s); err != nil {
			t.Fatal(err)
		}
		return uint64(s.Dev)
	}
	if device(here) == device(there) {
		t.Skip("/dev/shm is no other file system")
	}
	linked := filepath.Join(here, "linked")
	if err := os.Mkdir(filepath.Join(there, "target"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(there, "target"), linked); err != nil {
		t.Fatal(err)
	}
	args := func(out string, more ...string) []string {
		return append([]string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--scratch", here, "--method", "sparsegpt",
			"--samples", "8", "--seqlen", "96", "--no-progress"}, more...)
	}
	whole := filepath.Join(here, "whole")
	_, used := killedAfter(t, time.Hour, args(whole)...)
	for _, out := range []string{filepath.Join(there, "out"), linked} {
		killedAfter(t, used*3/4, args(out)...)
		clitest.OK(t, args(out, "--resume")...)
		if clitest.WeightsOf(t, out) != clitest.WeightsOf(t, whole) {
			t.Errorf("%s: other weights than on the file system of the input", out)
		}
	}
	if info, err := os.Lstat(linked); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link has become %v, error %v", info, err)
	}
	if device(filepath.Join(linked, "model.safetensors")) != device(there) {
		t.Error("the output is not where the link points to")
	}
}
