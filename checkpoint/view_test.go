package checkpoint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// viewedFolder is a model folder with a matrix [4, 192], a third of it zeros, and a vector.
func viewedFolder(t *testing.T, d tensor.DType) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	w := tensor.New(4, 192)
	for i := range w.Data() {
		if i%3 != 1 {
			w.Data()[i] = float32(i)
		}
	}
	err := Save(dir, []byte("{}"), []safetensors.Entry{
		{Name: "w", DType: d, Value: w}, {Name: "v", DType: d, Value: tensor.FromSlice([]float32{1, 2, 3}, 3)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// views of the matrix, and where in it their elements are.
var views = []struct {
	view  View
	shape []int
	at    func(i, j int) (row, col int)
}{
	{View{Tensor: "w"}, []int{4, 192}, func(i, j int) (int, int) { return i, j }},
	{View{Tensor: "w", Transposed: true}, []int{192, 4}, func(i, j int) (int, int) { return j, i }},
	{View{Tensor: "w", From: 1, To: 3}, []int{2, 192}, func(i, j int) (int, int) { return i + 1, j }},
	{View{Tensor: "w", From: 3, To: 4, Transposed: true}, []int{192, 1}, func(i, j int) (int, int) { return j + 3, i }},
}

func TestReadView(t *testing.T) {
	for _, d := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		dense := viewedFolder(t, d)
		small, _ := pack(t, dense, PackOptions{Layout: Bitmask})
		for layout, dir := range map[Layout]string{Dense: dense, Bitmask: small} {
			r := openFolder(t, dir)
			if info, _ := r.Info("w"); info.Layout != layout {
				t.Fatalf("stored as %v, want %v", info.Layout, layout)
			}
			whole, err := r.Read("w")
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range views {
				got, err := r.ReadView(c.view)
				if err != nil || !slices.Equal(got.Shape(), c.shape) {
					t.Fatalf("%+v: %v, error %v, want shape %v", c.view, got, err, c.shape)
				}
				for i := range c.shape[0] {
					for j := range c.shape[1] {
						row, col := c.at(i, j)
						if got.At(i, j) != whole.At(row, col) {
							t.Errorf("%+v: element [%d %d] is %v, want %v", c.view, i, j, got.At(i, j), whole.At(row, col))
						}
						if at := c.view.Stored([]int{i, j}); !slices.Equal(at, []int{row, col}) {
							t.Errorf("%+v: element [%d %d] is stored at %v, want [%d %d]", c.view, i, j, at, row, col)
						}
					}
				}
				for _, get := range []func(View) (packed.Matrix, error){r.Packed, r.PackedMapped} {
					if m, err := get(c.view); err != nil || m.DType() != d || !slices.Equal(m.Dense().Data(), got.Data()) {
						t.Errorf("%+v as it is stored: %v, error %v, want %v", c.view, m, err, got)
					}
				}
			}
		}
	}
}

func TestViewErrors(t *testing.T) {
	r := openFolder(t, viewedFolder(t, tensor.F16))
	for want, v := range map[string]View{
		"no tensor":                             {Tensor: "nothing", Transposed: true},
		`"v" has shape [3], want a matrix`:      {Tensor: "v", Transposed: true},
		`"w" has shape [4 192], want rows 2 to`: {Tensor: "w", From: 2, To: 5},
		"want rows 3 to 1":                      {Tensor: "w", From: 3, To: 2},
		"want rows -1 to":                       {Tensor: "w", From: -1, To: 2},
	} {
		if _, err := r.ReadView(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", v, err, want)
		}
		if v.Tensor == "w" {
			if _, err := r.Packed(v); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v as it is stored: error %v, want %q", v, err, want)
			}
		}
	}
}

// What was read as views comes back to the same bytes under the same names; rows without a part keep what they had.
func TestAssemble(t *testing.T) {
	dir := viewedFolder(t, tensor.BF16)
	r := openFolder(t, dir)
	part := func(v View, factor float32) Part {
		x, err := r.ReadView(v)
		if err != nil {
			t.Fatal(err)
		}
		return Part{v, tensor.Scale(x, factor)}
	}
	rows := func(from, to int) View { return View{Tensor: "w", From: from, To: to, Transposed: true} }
	for name, c := range map[string]struct {
		src     *Reader
		parts   []Part
		doubled []int // rows
	}{
		"whole":              {nil, []Part{part(View{Tensor: "w"}, 2)}, []int{0, 1, 2, 3}},
		"transposed":         {nil, []Part{part(View{Tensor: "w", Transposed: true}, 1)}, nil},
		"rows":               {nil, []Part{part(View{Tensor: "w", To: 1}, 2), part(View{Tensor: "w", From: 1, To: 4}, 1)}, []int{0}},
		"rows in any order":  {nil, []Part{part(rows(3, 4), 2), part(View{Tensor: "v"}, 1), part(rows(0, 3), 1)}, []int{3}},
		"rest of the source": {r, []Part{part(rows(1, 2), 2), part(rows(3, 4), 2)}, []int{1, 3}},
	} {
		out := filepath.Join(t.TempDir(), "out")
		w, err := NewWriter(out, r, os.DirFS(dir), WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := Assemble(c.src, c.parts, w.Put); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		want, err := r.Read("w")
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range c.doubled {
			tensor.ScaleInto(want.Rows(i, i+1), want.Rows(i, i+1), 2)
		}
		got := openFolder(t, out)
		b := make([]byte, 2*want.Len())
		if err := tensor.Encode(b, want.Data(), tensor.BF16); err != nil {
			t.Fatal(err)
		}
		if info, _ := got.Info("w"); info.DType != tensor.BF16 || !slices.Equal(info.Shape, []int{4, 192}) || !bytes.Equal(raw(t, got, "w"), b) {
			t.Errorf("%s: stored as %+v, or with other values", name, info)
		}
	}
}

func TestAssembleErrors(t *testing.T) {
	part := func(from, to, width int) Part {
		return Part{View{Tensor: "w", From: from, To: to}, tensor.New(to-from, width)}
	}
	for want, parts := range map[string][]Part{
		"begins at row 2, want row 1": {part(0, 1, 6), part(2, 4, 6)},
		"begins at row 1, want row 3": {part(0, 3, 6), part(1, 4, 6)},
		"shape [2 5] in the file":     {part(0, 2, 6), part(2, 4, 5)},
	} {
		err := Assemble(nil, parts, func(string, *tensor.Tensor) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	r, err := Open(fstest.MapFS{"model.safetensors": st("a")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := Assemble(r, []Part{part(0, 2, 6)}, nil); err == nil || !strings.Contains(err.Error(), `no tensor "w"`) {
		t.Errorf("a part of no tensor: error %v", err)
	}
}
