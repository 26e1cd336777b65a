package torch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// checkAll reads the tensors of a file that was accepted.
func checkAll(t *testing.T, f *File) {
	for _, x := range f.Tensors() {
		n, ok := blob.Elements(x.Shape)
		s, err := f.Section(x.Name)
		if err != nil || !ok {
			t.Errorf("%q of shape %v: %v", x.Name, x.Shape, err)
			continue
		}
		if s.Size() != n*int64(x.DType.Size()) {
			t.Errorf("%q: %d bytes for shape %v of %v", x.Name, s.Size(), x.Shape, x.DType)
		}
		if err := blob.ReadFull(s, make([]byte, s.Size()), 0); err != nil {
			t.Errorf("%q: %v", x.Name, err)
		}
	}
}

// FuzzTorch reads arbitrary bytes as a checkpoint of either container.
func FuzzTorch(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.bin")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	storage := stored("FloatStorage", "0", 4, "N")
	f.Add([]byte(legacied(state(rebuilt(storage, 0, numbers(2, 2), numbers(1, 2))), list(text("0")), le64(4)+bytes0)))
	f.Add([]byte(checkpointed(f, state(rebuilt(storage0, 0, numbers(4), numbers(1))), bytes0)))
	f.Fuzz(func(t *testing.T, content []byte) {
		if c, err := open(string(content)); err == nil {
			checkAll(t, c)
		}
	})
}

// FuzzPickle puts an arbitrary pickle into a sound archive, whose checksums would otherwise stop
// most changes early.
func FuzzPickle(f *testing.F) {
	for _, s := range []string{
		state(rebuilt(storage0, 0, numbers(2, 2), numbers(1, 2))),
		orderedDict(text("x"), rebuilt(storage0, 1, numbers(3), numbers(1)), text("y"), rebuilt(storage0, 0, tuple(), tuple())) + "}" + text("_metadata") + "}sb",
		state(call(global("torch._utils", "_rebuild_parameter"), rebuilt(storage0, 0, numbers(1), numbers(1)), "\x88", "N")),
		call(global("os", "system"), text("true")),
		"\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94h\x00h\x01\x93)Rs",
		"]\x94h\x00a", "}(C\x01aNu", "(lp0\nI01\naL5L\naF1.5\naS'a'\naVb\na", "\x8f(K\x01\x90\x91",
		"\x95\x04\x00\x00\x00\x00\x00\x00\x00N000",
	} {
		f.Add([]byte(pickled(s)))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		archive := archived(t, zipEntry{name: "a/data.pkl", content: string(content)}, zipEntry{name: "a/data/0", content: bytes0})
		if c, err := open(archive); err == nil {
			checkAll(t, c)
		}
	})
}
