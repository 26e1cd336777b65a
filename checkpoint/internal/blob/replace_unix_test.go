//go:build unix

package blob

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestWriteFileMode: a new file has the permissions that the umask leaves, one that is replaced keeps its own.
func TestWriteFileMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	path := filepath.Join(t.TempDir(), "page.html")
	write := func(want os.FileMode) {
		t.Helper()
		err := WriteFile(path, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err })
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("mode %v (%v), want %v", info.Mode(), err, want)
		}
		if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
			t.Errorf("%v is in the folder, want the file alone", list)
		}
	}
	write(0o640)
	if err := os.Chmod(path, 0o606); err != nil {
		t.Fatal(err)
	}
	write(0o606)
}
