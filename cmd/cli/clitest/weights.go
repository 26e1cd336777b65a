package clitest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
)

// SameModel checks that two folders hold the same tensors to the bit, and that their other files agree.
func SameModel(t testing.TB, got, want string) {
	t.Helper()
	readers := make([]*checkpoint.Reader, 2)
	for i, dir := range []string{got, want} {
		r, err := checkpoint.Open(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers[i] = r
	}
	if g, w := readers[0].Names(), readers[1].Names(); strings.Join(g, " ") != strings.Join(w, " ") {
		t.Fatalf("%s has tensors %v, want %v", got, g, w)
	}
	for _, name := range readers[1].Names() {
		g, err := readers[0].Raw(name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := readers[1].Raw(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(g, w) {
			t.Errorf("%s: tensor %s has other bytes", got, name)
		}
	}
	list, err := os.ReadDir(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if strings.Contains(e.Name(), ".safetensors") || strings.HasSuffix(e.Name(), ".bin") || strings.HasSuffix(e.Name(), ".index.json") {
			continue
		}
		w, err := os.ReadFile(filepath.Join(want, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if g, err := os.ReadFile(filepath.Join(got, e.Name())); err != nil || !bytes.Equal(g, w) {
			t.Errorf("%s: file %s differs (%v)", got, e.Name(), err)
		}
	}
}

// OpenCheckpoint opens the weights in a folder until the test ends.
func OpenCheckpoint(t *testing.T, dir string) *checkpoint.Reader {
	t.Helper()
	r, err := checkpoint.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Raw returns the stored bytes of a tensor.
func Raw(t *testing.T, r *checkpoint.Reader, name string) []byte {
	t.Helper()
	b, err := r.Raw(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// WeightFiles returns the safetensors files of a folder by their names.
func WeightFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no weights in %s: %v", dir, err)
	}
	files := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = b
	}
	return files
}

// WeightsOf returns the bytes of the weight file of a finished output.
func WeightsOf(t *testing.T, out string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
