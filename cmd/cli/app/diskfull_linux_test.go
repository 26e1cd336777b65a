package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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
	r := call(t, args(out)...)
	if r.code != statusFailed || !strings.Contains(r.last(), "no space left on device") {
		t.Fatalf("status %d, stderr %s", r.code, r.stderr)
	}
	if !strings.Contains(r.stderr, "layer 0") {
		t.Fatalf("the disk was full before the first layer was done: %s", r.stderr)
	}
	if again := call(t, append(args(out), "--resume")...); again.code != statusFailed || !strings.Contains(again.last(), "no space left on device") {
		t.Errorf("resumed without more room: status %d, last line %q", again.code, again.last())
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	if r := ok(t, append(args(out), "--resume")...); !strings.Contains(r.stderr, "was done before") {
		t.Errorf("resumed: %s", r.stderr)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	ok(t, args(whole)...)
	if weightsOf(t, out) != weightsOf(t, whole) {
		t.Error("resumed: other weights")
	}
}
