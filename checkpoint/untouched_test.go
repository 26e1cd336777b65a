package checkpoint

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// TestUntouchedBits: tensors that are not put are copied and never decoded. What a trip through float32
// would change comes out bit by bit: signalling NaNs, integers beyond 2²⁴, booleans that are not 0 or 1.
func TestUntouchedBits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "in")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	list := []safetensors.Tensor{
		{Name: "half", DType: tensor.F16, Shape: []int{1 << 16}}, {Name: "brain", DType: tensor.BF16, Shape: []int{1 << 16}},
		{Name: "full", DType: tensor.F32, Shape: []int{3000, 7}}, {Name: "double", DType: tensor.F64, Shape: []int{100}},
		{Name: "ids", DType: tensor.I64, Shape: []int{50}}, {Name: "flags", DType: tensor.Bool, Shape: []int{31}},
		{Name: "pruned", DType: tensor.F16, Shape: []int{4, 4}},
	}
	if err := safetensors.Layout(list); err != nil {
		t.Fatal(err)
	}
	b, err := safetensors.EncodeHeader(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2 {
		for h := range 1 << 16 {
			b = binary.LittleEndian.AppendUint16(b, uint16(h))
		}
	}
	for range 21000 {
		b = binary.LittleEndian.AppendUint32(b, r.Uint32())
	}
	for range 150 {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	for range 31 {
		b = append(b, byte(r.Uint32()))
	}
	b = append(b, make([]byte, 32)...)
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), b, 0o666); err != nil {
		t.Fatal(err)
	}
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
	if err := w.Put("pruned", tensor.New(4, 4)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(out, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b) {
		t.Error("the copy differs from the source")
	}
}
