package safetensors

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// TestHeader pins the bytes of a header: metadata first, larger types first, padded to 8 bytes.
func TestHeader(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, []Entry{
		{"half<&>", tensor.F16, tensor.FromSlice([]float32{1, 2}, 2)},
		{"b", tensor.F32, tensor.FromSlice([]float32{3}, 1, 1)},
		{"a", tensor.F32, tensor.FromSlice([]float32{4})},
	}, map[string]string{"z": "\"\u2028", "format": "pt"})
	if err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"format":"pt","z":"\"\u2028"},` +
		`"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},` +
		`"b":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]},` +
		`"half<&>":{"dtype":"F16","shape":[2],"data_offsets":[8,12]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := file(header, "\x00\x00\x80\x40\x00\x00\x40\x40\x00\x3c\x00\x40")
	if got := b.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestWriteRead is the law that reading gives back what was written, for random shapes and types.
func TestWriteRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var entries []Entry
		for i := range rng.IntN(6) {
			shape := make([]int, rng.IntN(4))
			for j := range shape {
				shape[j] = rng.IntN(5)
			}
			v := tensor.New(shape...)
			for j := range v.Data() {
				v.Data()[j] = float32(rng.IntN(2)) // exact in every type
			}
			entries = append(entries, Entry{strings.Repeat("n", i+1), tensor.DType(rng.IntN(10)), v})
		}
		var b bytes.Buffer
		if err := Write(&b, entries, nil); err != nil {
			t.Fatal(err)
		}
		f, err := open(b.String())
		if err != nil {
			t.Fatalf("%v\n%q", err, b.String())
		}
		if len(f.Tensors()) != len(entries) {
			t.Errorf("got %d tensors, want %d", len(f.Tensors()), len(entries))
		}
		for _, e := range entries {
			x, _ := f.Lookup(e.Name)
			got, err := f.Read(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			if x.DType != e.DType || !slices.Equal(got.Shape(), e.Value.Shape()) || !slices.Equal(got.Data(), e.Value.Data()) {
				t.Errorf("%s: got %v %v %v, want %v %v %v", e.Name, x.DType, got.Shape(), got.Data(), e.DType, e.Value.Shape(), e.Value.Data())
			}
			if size := e.DType.Size(); x.Start%int64(size) != 0 {
				t.Errorf("%s: %v starts at %d, want a multiple of %d", e.Name, e.DType, x.Start, size)
			}
		}
	}
}

// TestHeaderGolden rebuilds the headers of files that other programs wrote, bit for bit.
func TestHeaderGolden(t *testing.T) {
	paths, err := filepath.Glob(golden.Path("models/*/*.safetensors"))
	if err != nil || len(paths) < 8 {
		t.Fatalf("found %d files (%v), want 8", len(paths), err)
	}
	for _, path := range paths {
		f, err := Open(os.DirFS(filepath.Dir(path)), filepath.Base(path))
		if err != nil {
			t.Fatal(err)
		}
		tensors := slices.Clone(f.Tensors())
		if err := Layout(tensors); err != nil {
			t.Fatal(err)
		}
		got, err := EncodeHeader(tensors, f.Metadata())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, f.Header()) {
			t.Errorf("%s: header\n%s\ndiffers from the stored one\n%s", path, got, f.Header())
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	one := tensor.FromSlice([]float32{1}, 1)
	for _, c := range []struct {
		name    string
		entries []Entry
		want    string
	}{
		{"name twice", []Entry{{"x", tensor.F32, one}, {"x", tensor.F16, one}}, `tensor name "x" is taken`},
		{"reserved name", []Entry{{"__metadata__", tensor.F32, one}}, `tensor name "__metadata__" is taken`},
	} {
		if err := Write(&bytes.Buffer{}, c.entries, nil); err == nil || err.Error() != c.want {
			t.Errorf("%s: got error %v, want %s", c.name, err, c.want)
		}
	}
	large := Tensor{Name: "x", DType: tensor.U8, Shape: []int{math.MaxInt / 8}}
	other := large
	list := []Tensor{large}
	for i := range 8 {
		other.Name = strings.Repeat("y", i+1)
		list = append(list, other)
	}
	if err := Layout(list); err == nil {
		t.Error("nine tensors of 2^60 bytes were laid out")
	}
}

// failAfter is a writer that fails once n bytes went through.
type failAfter struct{ n int }

var errFull = errors.New("disk full")

func (f *failAfter) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	e := []Entry{{"x", tensor.F32, tensor.New(100)}}
	var b bytes.Buffer
	if err := Write(&b, e, nil); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < b.Len(); n += 50 {
		if err := Write(&failAfter{n}, e, nil); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: got error %v, want %v", n, err, errFull)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	for _, v := range []float32{1, 2} { // the second replaces the first
		if err := WriteFile(path, []Entry{{"x", tensor.F32, tensor.FromSlice([]float32{v})}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteFile(path, []Entry{{"__metadata__", tensor.F32, tensor.New(1)}}, nil); err == nil {
		t.Error("a reserved name was written")
	}
	f, err := Open(os.DirFS(dir), "m.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if x, err := f.Read("x"); err != nil || x.At() != 2 {
		t.Errorf("got %v, %v, want 2", x, err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("folder holds %v (%v), want one file", list, err)
	}
	if err := WriteFile(filepath.Join(dir, "no", "m.safetensors"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: got error %v, want %v", err, os.ErrNotExist)
	}
}
