package checkpoint

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// TestDType converts a mixed model: put tensors, copied ones.
func TestDType(t *testing.T) {
	half, full := tensor.BF16, tensor.F32
	for _, c := range []struct {
		name string
		o    WriterOptions
		a, b string
	}{
		{"keep", WriterOptions{}, "F16", "F32"},
		{"all", WriterOptions{DType: &half}, "BF16", "BF16"},
		{"wider", WriterOptions{DType: &full}, "F32", "F32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := model(t)
			out := filepath.Join(t.TempDir(), "out")
			w, _ := newWriter(t, dir, out, c.o)
			if err := w.Put("a", tensor.FromSlice([]float32{0, -2, 0.5, 4}, 2, 2)); err != nil {
				t.Fatal(err)
			}
			commit(t, w)
			r := openFolder(t, out)
			var order []string
			for _, x := range r.shards[0].st.Tensors() {
				order = append(order, x.Name)
			}
			if want := []string{"ids", "b", "a"}; !slices.Equal(order, want) { // as in the source
				t.Errorf("order %v, want %v", order, want)
			}
			for name, want := range map[string]string{"a": c.a, "b": c.b, "ids": "I64"} {
				if info, _ := r.Info(name); info.DType.String() != want {
					t.Errorf("%s is %v, want %s", name, info.DType, want)
				}
			}
			for name, want := range map[string][]float32{"a": {0, -2, 0.5, 4}, "b": {5, 6}, "ids": {7}} {
				got, err := r.Read(name)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.Data()[:len(want)], want) {
					t.Errorf("%s: got %v, want %v", name, got.Data(), want)
				}
			}
		})
	}
}

// TestDTypeOfShards converts a sharded model: file names and order stay, the index follows.
func TestDTypeOfShards(t *testing.T) {
	dir := golden.Path("models/rand-llama3")
	out := filepath.Join(t.TempDir(), "out")
	full := tensor.F32
	w, src := newWriter(t, dir, out, WriterOptions{DType: &full})
	putAll(t, w, src, func(i int) bool { return i%2 == 0 })
	commit(t, w)
	r := openFolder(t, out)
	if !slices.Equal(r.Files(), src.Files()) {
		t.Errorf("files %v, want %v", r.Files(), src.Files())
	}
	for i, s := range r.shards {
		for j, x := range s.tensors {
			want := src.shards[i].tensors[j]
			if x.Name != want.Name || x.DType != full {
				t.Errorf("%s: tensor %d is %s in %v, want %s in F32", s.file, j, x.Name, x.DType, want.Name)
			}
			a, err := r.Read(x.Name)
			if err != nil {
				t.Fatal(err)
			}
			b, err := src.Read(x.Name)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(a.Data(), b.Data()) {
				t.Errorf("%s: values changed", x.Name)
			}
		}
	}
	var before, after struct{ Metadata struct{ Total_size float64 } }
	golden.JSON(t, filepath.Join(dir, "model.safetensors.index.json"), &before)
	golden.JSON(t, filepath.Join(out, "model.safetensors.index.json"), &after)
	if after.Metadata.Total_size != 2*before.Metadata.Total_size {
		t.Errorf("total size %g, want twice %g", after.Metadata.Total_size, before.Metadata.Total_size)
	}
}

// TestConversionOverflow converts untouched tensors whose numbers do not fit.
func TestConversionOverflow(t *testing.T) {
	dir := t.TempDir()
	inf := float32(math.Inf(1))
	write := func(d tensor.DType, v ...float32) {
		t.Helper()
		e := []safetensors.Entry{{Name: "x", DType: d, Value: tensor.FromSlice(v, len(v))}}
		if err := safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	run := func(d tensor.DType) error {
		w, _ := newWriter(t, dir, filepath.Join(t.TempDir(), "out"), WriterOptions{DType: &d})
		return w.Commit()
	}
	long := make([]float32, convert+5)
	long[convert+3] = 1e10
	write(tensor.F32, long...)
	if err, want := run(tensor.F16), `copy tensor "x" from model.safetensors: tensor "x": value 1e+10 at position 1048579 cannot be stored in F16`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if err := run(tensor.BF16); err != nil {
		t.Error(err)
	}
	write(tensor.F32, 1, inf) // infinite before: not ours to judge
	if err := run(tensor.F16); err != nil {
		t.Error(err)
	}
	write(tensor.F32, math.MaxFloat32)
	if err := run(tensor.BF16); err == nil {
		t.Error("the largest float32 rounds to infinity in bfloat16, but was converted")
	}
	double := []byte(`{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}`)
	double = append(binary.LittleEndian.AppendUint64(nil, uint64(len(double))), double...)
	double = binary.LittleEndian.AppendUint64(double, math.Float64bits(math.Inf(1)))
	double = binary.LittleEndian.AppendUint64(double, math.Float64bits(-1e300))
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), double, 0o600); err != nil {
		t.Fatal(err)
	}
	if err, want := run(tensor.F32), `copy tensor "x" from model.safetensors: tensor "x": value -Inf at position 1 cannot be stored in F32`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	d := tensor.I8
	if _, err := NewWriter(filepath.Join(t.TempDir(), "out"), openFolder(t, dir), os.DirFS(dir), WriterOptions{DType: &d}); err == nil || err.Error() != "weights cannot be stored as I8" {
		t.Errorf("integer type: got error %v", err)
	}
}
