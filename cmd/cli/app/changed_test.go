package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// flip changes one bit of a file in place, so many bytes before its end, and leaves its size and times as
// they are.
func flip(t *testing.T, path string, beforeEnd int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], info.Size()-beforeEnd); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], info.Size()-beforeEnd); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// whileItRuns has do called by the solver test-take in the second decoder layer, once.
func whileItRuns(t *testing.T, do func()) {
	t.Helper()
	onTaken = func() {
		onTaken = func() {}
		do()
	}
	t.Cleanup(func() { onTaken = func() {} })
}

// TestSweepModelChanges: runs on another model than the first ones do not come into their table.
func TestSweepModelChanges(t *testing.T) {
	model, out := copyModel(t, "stories260k"), filepath.Join(t.TempDir(), "sweep")
	whileItRuns(t, func() { flip(t, filepath.Join(model, "model.safetensors"), 1) })
	r := call(t, "sweep", "--model", model, "--out", out, "--samples", "2", "--seqlen", "32", "--max-windows", "2", "--methods", "test-take,magnitude", "--sparsities", "0.5")
	if r.code != statusFailed || !strings.Contains(r.last(), "1 of 2 runs failed") || !strings.Contains(r.last(), "has changed since the work with it began") {
		t.Errorf("status %d, last line %q; want 1 and that the model has changed", r.code, r.last())
	}
}
