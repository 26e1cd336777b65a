package sweep

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLock: a folder that is made for nothing goes away again, one that was there stays.
func TestLock(t *testing.T) {
	there := t.TempDir()
	for dir, stays := range map[string]bool{filepath.Join(there, "made"): false, there: true} {
		s, err := Open(dir, "test")
		if err != nil {
			t.Fatal(err)
		}
		release, err := s.Lock()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
		release()
		if _, err := os.Stat(dir); (err == nil) != stays {
			t.Errorf("%s: %v, want it there: %v", dir, err, stays)
		}
	}
}
