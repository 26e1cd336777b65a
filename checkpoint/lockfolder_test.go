//go:build unix

package checkpoint

import (
	"errors"
	"os"
	"testing"
)

func TestLockFolder(t *testing.T) {
	dir := t.TempDir()
	release, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockFolder(dir); !errors.Is(err, errLocked) {
		t.Errorf("a second lock: %v, want %v", err, errLocked)
	}
	release()
	again, err := LockFolder(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	again()
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("the lock left %v (%v)", list, err)
	}
	if _, err := LockFolder(dir + "/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}
