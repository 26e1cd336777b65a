package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/adagp/adagp/tensor"
)

// flip changes one bit of a file in place, at an offset counted from the end if it is negative, and
// leaves its size and times as they are.
func flip(t *testing.T, path string, offset int64) {
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
	if offset < 0 {
		offset += info.Size()
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], offset); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], offset); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// TestReadBack: whatever in the finished folder is not as it was written is found before the folder gets
// its name. The weights of the output are: 8-byte ids, then b in float32, then a in float16.
func TestReadBack(t *testing.T) {
	for _, c := range []struct {
		name, file, tensor string
		filled             bool // the change comes after everything was copied, else after a tensor was put
		change             func(t *testing.T, path string)
	}{
		{"tensor that was put", "model.safetensors", "a", false, func(t *testing.T, path string) { flip(t, path, -1) }},
		{"tensor that was put, after copying", "model.safetensors", "a", true, func(t *testing.T, path string) { flip(t, path, -8) }},
		{"tensor that was copied", "model.safetensors", "b", true, func(t *testing.T, path string) { flip(t, path, -9) }},
		{"integers that were copied", "model.safetensors", "ids", true, func(t *testing.T, path string) { flip(t, path, -28) }},
		{"header", "model.safetensors", "", false, func(t *testing.T, path string) { flip(t, path, 20) }},
		{"shorter", "model.safetensors", "", true, func(t *testing.T, path string) {
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		}},
		{"longer", "model.safetensors", "", true, func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString("x"); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}},
		{"file that was copied", "tokenizer.json", "", true, func(t *testing.T, path string) { flip(t, path, 0) }},
		{"file that was put", "config.json", "", true, func(t *testing.T, path string) { flip(t, path, -1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := model(t)
			out := filepath.Join(t.TempDir(), "out")
			w, _ := newWriter(t, dir, out, WriterOptions{})
			if err := w.Put("a", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)); err != nil {
				t.Fatal(err)
			}
			if err := w.PutFile("config.json", []byte(`{"a":1}`)); err != nil {
				t.Fatal(err)
			}
			if c.filled {
				if err := w.Fill(); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(w.Folder(), modelFolder, c.file)
			c.change(t, path)
			var damaged *DamagedError
			if err := w.Commit(); !errors.As(err, &damaged) || damaged.Path != path || damaged.Tensor != c.tensor {
				t.Errorf("commit: error %v, want a DamagedError for tensor %q of %s", err, c.tensor, path)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("the output has its name")
			}
		})
	}
}

// TestReadBackResumed: what was damaged between two processes is found, whether the record is asked for it
// or not.
func TestReadBackResumed(t *testing.T) {
	root := layOutTarget(t)
	sum := begun(t, root, "one")
	stored := filepath.Join(root, "out.partial", modelFolder, "model.safetensors")
	flip(t, stored, -1)
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	var damaged *DamagedError
	if _, err := w.Stored("a", sum); !errors.As(err, &damaged) || damaged.Tensor != "a" || damaged.Path != stored {
		t.Errorf("error %v, want a DamagedError for tensor a of %s", err, stored)
	}
}

// TestSumIsOfWhatWasMeant: the sum for the journal is not taken from the disk, where the damage may have
// been done.
func TestSumIsOfWhatWasMeant(t *testing.T) {
	dir := model(t)
	w, _ := newWriter(t, dir, filepath.Join(t.TempDir(), "out"), WriterOptions{})
	if _, err := w.Sum("a"); err == nil {
		t.Error("a sum of a tensor that was not put")
	}
	if err := w.Put("a", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)); err != nil {
		t.Fatal(err)
	}
	before, err := w.Sum("a")
	if err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(w.Folder(), modelFolder, "model.safetensors"), -1)
	if after, err := w.Sum("a"); err != nil || after != before {
		t.Errorf("sum %s, error %v; want %s, as it was before the file was damaged", after, err, before)
	}
}

// TestEach: everything is done once; of several failures the first one counts.
func TestEach(t *testing.T) {
	done := make([]bool, 100)
	if err := each(len(done), func(i int) error { done[i] = true; return nil }); err != nil || slices.Contains(done, false) {
		t.Errorf("error %v, done %v", err, done)
	}
	fault := errors.New("fault")
	if err := each(100, func(i int) error {
		if i == 37 {
			return fault
		}
		return nil
	}); err != fault {
		t.Errorf("error %v, want the fault", err)
	}
}
