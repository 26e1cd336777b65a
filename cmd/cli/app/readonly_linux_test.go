package app_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// mountReadOnly mounts dir over itself so that even the superuser cannot write to it, until the test ends. It reports
// whether the test has the right to.
func mountReadOnly(t *testing.T, dir string) bool {
	t.Helper()
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		t.Logf("no right to mount: %v", err)
		return false
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Logf("no right to mount read-only: %v", err)
		return false
	}
	return true
}
