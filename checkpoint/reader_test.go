package checkpoint

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// models lists the model folders of the repository's test data.
func models(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob(golden.Path("models/*"))
	if err != nil || len(dirs) < 9 {
		t.Fatalf("found %d model folders (%v), want 9", len(dirs), err)
	}
	return dirs
}

func TestRoundTrip(t *testing.T) {
	for _, dir := range models(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			src, err := Open(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			out := filepath.Join(t.TempDir(), "out")
			w, err := NewWriter(out, src, os.DirFS(dir), WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			for _, name := range src.Names() {
				if info, _ := src.Info(name); !floating(info.DType) {
					continue
				}
				v, err := src.Read(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Put(name, v); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			got, err := Open(os.DirFS(out))
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			for _, name := range src.Names() {
				a, err := src.Raw(name)
				if err != nil {
					t.Fatal(err)
				}
				b, err := got.Raw(name)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a, b) {
					t.Errorf("%s: bytes differ", name)
				}
			}
		})
	}
}
