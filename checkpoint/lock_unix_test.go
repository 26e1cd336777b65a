//go:build unix

package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// interfere has do called once, after a file or folder was opened to be locked, and before it is.
func interfere(t *testing.T, do func()) {
	t.Helper()
	before := lockOpened
	t.Cleanup(func() { lockOpened = before })
	lockOpened = func(string) {
		lockOpened = before
		do()
	}
}

// TestLockRace: between opening the lock file and locking it, its folder is removed and made anew by a
// third process, or it is removed and nobody makes it again. The lock that comes of it is on the file
// that has the name, and there is one holder at a time.
func TestLockRace(t *testing.T) {
	for _, c := range []struct {
		name   string
		locked bool // by the third process
		again  bool // the folder is made anew
	}{{"made anew and locked", true, true}, {"made anew", false, true}, {"removed", false, false}} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out.partial")
			first, err := openPartial(dir, false, false)
			if err != nil {
				t.Fatal(err)
			}
			var third *partial
			interfere(t, func() {
				if err := first.remove(); err != nil {
					t.Error(err)
				}
				if !c.again {
					return
				}
				var err error
				if third, err = openPartial(dir, false, false); err != nil {
					t.Fatal(err)
				}
				if !c.locked {
					if err := third.close(); err != nil {
						t.Error(err)
					}
				}
			})
			second, err := openPartial(dir, false, true)
			var locked *LockedError
			if c.locked {
				if !errors.As(err, &locked) {
					t.Errorf("second process: error %v, want a LockedError", err)
				}
				second = third
			} else if err != nil {
				t.Fatal(err)
			}
			if _, err := openPartial(dir, false, true); !errors.As(err, &locked) {
				t.Errorf("while the folder is in use: error %v, want a LockedError", err)
			}
			if err := second.remove(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the folder: %v, want that it does not exist", err)
			}
		})
	}
}

// TestFolderMadeAnewMeanwhile: a process that gave up its folder is removing it when another one makes
// it its own. That one keeps it.
func TestFolderMadeAnewMeanwhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out.partial")
	first, err := openPartial(dir, false, false)
	if err != nil {
		t.Fatal(err)
	}
	var second *partial
	first.removing = func(path string) {
		if path == dir {
			if second, err = openPartial(dir, true, false); err != nil {
				t.Error(err)
			}
		}
	}
	if err := first.remove(); err != nil {
		t.Errorf("the first process: %v", err)
	}
	var locked *LockedError
	if _, err := openPartial(dir, false, true); !errors.As(err, &locked) {
		t.Errorf("a third process: error %v, want a LockedError", err)
	}
	if err := second.remove(); err != nil {
		t.Error(err)
	}
}

// TestLockFolderRace is TestLockRace for folders that are locked themselves.
func TestLockFolderRace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var theirs func()
	interfere(t, func() {
		err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o777))
		if err != nil {
			t.Fatal(err)
		}
		if theirs, err = LockFolder(dir); err != nil {
			t.Error(err)
		}
	})
	if _, err := LockFolder(dir); !errors.Is(err, errLocked) {
		t.Errorf("error %v, want %v", err, errLocked)
	}
	theirs()
}
