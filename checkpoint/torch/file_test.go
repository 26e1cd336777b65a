package torch

import (
	"archive/zip"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// bytesOf reads all of a tensor.
func bytesOf(t *testing.T, f *File, name string) []byte {
	t.Helper()
	s, err := f.Section(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPyTorchFiles reads what PyTorch wrote, in both containers and three pickle protocols.
func TestPyTorchFiles(t *testing.T) {
	var want []struct {
		Name, DType, Hex string
		Shape            []int
	}
	golden.JSON(t, filepath.Join("testdata", "expected.json"), &want)
	files, err := filepath.Glob(filepath.Join("testdata", "*.bin"))
	if err != nil || len(files) != 6 {
		t.Fatalf("found %d files (%v), want 6", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := Open(os.DirFS("testdata"), filepath.Base(path))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got := len(f.Tensors()); got != len(want) {
				t.Fatalf("got %d tensors, want %d", got, len(want))
			}
			for i, w := range want {
				got := f.Tensors()[i]
				if got.Name != w.Name || got.DType.String() != w.DType || !slices.Equal(got.Shape, w.Shape) {
					t.Errorf("tensor %d: got %v, want %v", i, got, w)
				}
				if b := hex.EncodeToString(bytesOf(t, f, w.Name)); b != w.Hex {
					t.Errorf("%s: got bytes %s, want %s", w.Name, b, w.Hex)
				}
			}
		})
	}
}

// TestLayouts reads hand-made tensors: a storage of the int16 numbers 0 to 11 seen in several ways.
func TestLayouts(t *testing.T) {
	numbers12 := ""
	for i := range 12 {
		numbers12 += string([]byte{byte(i), 0})
	}
	const class, count = "ShortStorage", 12
	legacy := func(storage, size, stride string, offset int) string {
		return legacied(dict(text("x"), rebuilt(storage, offset, size, stride)), list(text("0")), le64(count)+numbers12)
	}
	zipped := func(size, stride string, offset int) string {
		return checkpointed(t, dict(text("x"), rebuilt(stored(class, "0", count), offset, size, stride)), numbers12)
	}
	ordered := archived(t,
		zipEntry{"a/data.pkl", pickled(dict(text("x"), rebuilt(stored(class, "0", count), 6, numbers(2, 2), numbers(1, 2)))), zip.Store},
		zipEntry{"a/data/0", numbers12, zip.Store}, zipEntry{"a/byteorder", "little", zip.Store})
	v1 := call(global("torch._utils", "_rebuild_tensor"), stored(class, "0", count), number(1), numbers(2), numbers(1))
	for _, c := range []struct {
		name, content string
		shape, want   []int
	}{
		{"whole", zipped(numbers(3, 4), numbers(4, 1), 0), []int{3, 4}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		{"transposed", zipped(numbers(4, 3), numbers(1, 4), 0), []int{4, 3}, []int{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
		{"columns", zipped(numbers(3, 2), numbers(4, 1), 1), []int{3, 2}, []int{1, 2, 5, 6, 9, 10}},
		{"every third", zipped(numbers(3), numbers(3), 2), []int{3}, []int{2, 5, 8}},
		{"repeated", zipped(numbers(2, 3), numbers(0, 1), 4), []int{2, 3}, []int{4, 5, 6, 4, 5, 6}},
		{"scalar", zipped(tuple(), tuple(), 11), []int{}, []int{11}},
		{"stride of one row is free", zipped(numbers(1, 2), numbers(1<<30, 1), 3), []int{1, 2}, []int{3, 4}},
		{"three dimensions", zipped(numbers(2, 2, 2), numbers(1, 2, 6), 0), []int{2, 2, 2}, []int{0, 6, 2, 8, 1, 7, 3, 9}},
		{"empty", zipped(numbers(0, 5), numbers(5, 1), 0), []int{0, 5}, nil},
		{"byte order told", ordered, []int{2, 2}, []int{6, 8, 7, 9}},
		{"parameter", checkpointed(t, orderedDict(text("x"), call(global("torch._utils", "_rebuild_parameter"),
			rebuilt(stored(class, "0", count), 5, numbers(2), numbers(1)), "\x88", "N")), numbers12), []int{2}, []int{5, 6}},
		{"first version", checkpointed(t, dict(text("x"), v1), numbers12), []int{2}, []int{1, 2}},
		{"legacy", legacy(stored(class, "0", count, "N"), numbers(2, 2), numbers(1, 2), 4), []int{2, 2}, []int{4, 6, 5, 7}},
		{"legacy view", legacy(stored(class, "0", count, tuple(text("v"), number(3), number(4))), numbers(2), numbers(2), 1), []int{2}, []int{4, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := open(c.content)
			if err != nil {
				t.Fatal(err)
			}
			if want := (Tensor{"x", tensor.I16, c.shape}); !reflect.DeepEqual(f.Tensors(), []Tensor{want}) {
				t.Fatalf("got %v, want %v", f.Tensors(), want)
			}
			var want []byte
			for _, n := range c.want {
				want = append(want, byte(n), 0)
			}
			if got := bytesOf(t, f, "x"); !slices.Equal(got, want) {
				t.Errorf("got bytes %v, want %v", got, want)
			}
			v, err := f.Read("x")
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range c.want {
				if v.Data()[i] != float32(n) {
					t.Errorf("element %d is %g, want %d", i, v.Data()[i], n)
				}
			}
		})
	}
}

func TestClosed(t *testing.T) {
	f, err := Open(os.DirFS("testdata"), "zip_proto2.bin")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = f.Read("f32")
	if want := `read zip_proto2.bin: tensor "f32": read zip_proto2.bin: file already closed`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if _, err := f.Read("absent"); err == nil || err.Error() != `zip_proto2.bin has no tensor "absent"` {
		t.Errorf("got error %v", err)
	}
}
