package prunecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// TestDiskFull prunes onto a file system of its own that runs full in the middle, and resumes when there
// is more room. It needs the right to mount; prune.TestResume fails every single write without it.
func TestDiskFull(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(disk, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=560k"); err != nil {
		t.Skipf("no right to mount: %v", err)
	}
	defer unix.Unmount(disk, unix.MNT_DETACH) //nolint:errcheck // the folder is removed with it
	args := func(out string) []string {
		return []string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "sparsegpt", "--samples", "4", "--seqlen", "64"}
	}
	out := filepath.Join(disk, "out")
	r := clitest.Call(t, args(out)...)
	if r.Code != exit.Failed || !strings.Contains(r.Last(), "no space left on device") {
		t.Fatalf("status %d, stderr %s", r.Code, r.Stderr)
	}
	if !strings.Contains(r.Stderr, "layer 0") {
		t.Fatalf("the disk was full before the first layer was done: %s", r.Stderr)
	}
	if again := clitest.Call(t, append(args(out), "--resume")...); again.Code != exit.Failed || !strings.Contains(again.Last(), "no space left on device") {
		t.Errorf("resumed without more room: status %d, last line %q", again.Code, again.Last())
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	if r := clitest.OK(t, append(args(out), "--resume")...); !strings.Contains(r.Stderr, "was done before") {
		t.Errorf("resumed: %s", r.Stderr)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	clitest.OK(t, args(whole)...)
	if clitest.WeightsOf(t, out) != clitest.WeightsOf(t, whole) {
		t.Error("resumed: other weights")
	}
}
