package checkpoint

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// TestOpaqueTensors sends tensors of types that nothing is computed with through every copy there is:
// they keep their bits, and only reading them as numbers fails.
func TestOpaqueTensors(t *testing.T) {
	dir := t.TempDir()
	list := []safetensors.Tensor{
		{Name: "ids", DType: tensor.Opaque, OpaqueType: "U16", Shape: []int{3}},
		{Name: "w", DType: tensor.F32, Shape: []int{8, 8}},
		{Name: "scale", DType: tensor.Opaque, OpaqueType: "F8_E4M3", Shape: []int{5, 1}},
		{Name: "four", DType: tensor.Opaque, OpaqueType: "F4", Shape: []int{3, 2}},
		{Name: "unheard", DType: tensor.Opaque, OpaqueType: "NF5", Shape: []int{70}, End: 7},
	}
	if err := safetensors.Layout(list); err != nil {
		t.Fatal(err)
	}
	b, err := safetensors.EncodeHeader(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, list[len(list)-1].End)
	want := make(map[string][]byte)
	for _, x := range list {
		part := data[x.Start:x.End]
		for i := range part {
			if x.Name != "w" || i%8 >= 4 { // half of the weights are zero
				part[i] = byte(37*i + 200)
			}
		}
		want[x.Name] = part
	}
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), append(b, data...), 0o666); err != nil {
		t.Fatal(err)
	}
	half := tensor.BF16
	packedDir, matrices := pack(t, dir, PackOptions{})
	if len(matrices) != 1 || matrices[0].Layout == Dense {
		t.Fatalf("packed %+v, want the one matrix", matrices)
	}
	unpacked, _ := pack(t, packedDir, PackOptions{Layout: Dense})
	narrowed := filepath.Join(t.TempDir(), "narrowed")
	w, _ := newWriter(t, dir, narrowed, WriterOptions{DType: &half})
	if err := w.Put("ids", tensor.New(3)); err == nil {
		t.Error("numbers were stored as U16")
	}
	commit(t, w)
	for _, folder := range []string{dir, packedDir, unpacked, narrowed} {
		src := openFolder(t, folder)
		for _, x := range list {
			got, err := src.Raw(x.Name)
			if err != nil || !bytes.Equal(got, want[x.Name]) && (folder != narrowed || x.Name != "w") {
				t.Errorf("%s in %s: %x, %v, want %x", x.Name, folder, got, err, want[x.Name])
			}
			info, _ := src.Info(x.Name)
			if x.DType != tensor.Opaque {
				continue
			}
			if info.Type() != x.OpaqueType || info.Bytes != x.Bytes() || info.Stored != x.Bytes() {
				t.Errorf("%s in %s: %+v", x.Name, folder, info)
			}
			var bad *TypeError
			if _, err := src.Read(x.Name); !errors.As(err, &bad) || bad.Type != x.OpaqueType || bad.File != info.File {
				t.Errorf("%s read as numbers: %v", x.Name, err)
			}
			if _, err := src.Zeros(x.Name); !errors.As(err, &bad) {
				t.Errorf("zeros of %s: %v", x.Name, err)
			}
		}
	}
}
