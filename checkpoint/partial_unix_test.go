//go:build unix

package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLockCannotBeMade: a folder whose lock file cannot be made is not left behind. Its path is just
// short enough for the system, and that of the lock is not.
func TestLockCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	const step = 100
	for {
		longer := filepath.Join(dir, strings.Repeat("d", step))
		if err := os.Mkdir(longer, 0o777); errors.Is(err, syscall.ENAMETOOLONG) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		dir = longer
	}
	var partial string
	for n := step; n > 0; n-- {
		partial = filepath.Join(dir, strings.Repeat("p", n))
		if err := os.Mkdir(partial, 0o777); err == nil {
			break
		}
	}
	if err := os.Remove(partial); err != nil {
		t.Fatal(err)
	}
	if _, err := openPartial(partial, false, false); !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Fatalf("error %v, want that the path of the lock is too long", err)
	}
	if _, err := os.Lstat(partial); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v, want that it does not exist", err)
	}
}
