package packed_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

func TestNewBitmaskRejects(t *testing.T) {
	good := func() (mask, values, offsets []byte) {
		m := packed.PackBitmask(tensor.BF16, 2, 3, []byte{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0})
		return m.Mask(), m.Values(), m.Offsets()
	}
	mask, values, offsets := good()
	if _, err := packed.NewBitmask(tensor.BF16, 2, 3, mask, values, offsets); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func(d *tensor.DType, out, in *int, mask, values, offsets *[]byte)
		want  string
	}{
		{"type", func(d *tensor.DType, _, _ *int, _, _, _ *[]byte) { *d = tensor.I8 }, "type I8"},
		{"shape", func(_ *tensor.DType, out, _ *int, _, _, _ *[]byte) { *out = -1 }, "shape [-1 3]"},
		{"huge", func(_ *tensor.DType, _, in *int, _, _, _ *[]byte) { *in = 1 << 62 }, "shape"},
		{"mask length", func(_ *tensor.DType, _, _ *int, m, _, _ *[]byte) { *m = (*m)[1:] }, "mask of 15 bytes, want 16"},
		{"values length", func(_ *tensor.DType, _, _ *int, _, v, _ *[]byte) { *v = append(*v, 0) }, "values of 7 bytes, want 6"},
		{"offsets length", func(_ *tensor.DType, _, _ *int, _, _, o *[]byte) { *o = (*o)[8:] }, "offsets of 16 bytes, want 24"},
		{"padding", func(_ *tensor.DType, _, _ *int, m, _, _ *[]byte) { (*m)[0] |= 8 }, "row 0 has bits beyond column 3"},
		{"count", func(_ *tensor.DType, _, _ *int, m, _, _ *[]byte) { (*m)[0] ^= 2 }, "offset 2 of row 1, want 3"},
		{"first", func(_ *tensor.DType, _, _ *int, _, _, o *[]byte) { (*o)[0] = 1 }, "offset 1 of row 0, want 0"},
		{"overflow", func(_ *tensor.DType, _, _ *int, _, _, o *[]byte) {
			binary.LittleEndian.PutUint64((*o)[8:], 1<<63)
		}, "of row 1, want 2"},
	} {
		mask, values, offsets := good()
		d, out, in := tensor.BF16, 2, 3
		c.spoil(&d, &out, &in, &mask, &values, &offsets)
		if _, err := packed.NewBitmask(d, out, in, mask, values, offsets); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestNewSemiRejects(t *testing.T) {
	for _, c := range []struct {
		in              int
		indices, values []byte
		want            string
	}{
		{4, []byte{0b0100}, make([]byte, 4), ""},
		{4, []byte{0b1110}, make([]byte, 4), ""},
		{8, []byte{0b01001110}, make([]byte, 8), ""},
		{3, []byte{0b0100}, make([]byte, 4), "multiple of 4"},
		{4, []byte{0b0101}, make([]byte, 4), "places 1 and 1 in group 0 of row 0"},
		{8, []byte{0b00010100}, make([]byte, 8), "places 1 and 0 in group 1 of row 0"},
		{4, []byte{0b01000100}, make([]byte, 4), "beyond column 4"},
		{4, nil, make([]byte, 4), "indices of 0 bytes, want 1"},
		{4, []byte{0b0100}, make([]byte, 3), "values of 3 bytes, want 4"},
	} {
		_, err := packed.NewSemi(tensor.F16, 1, c.in, c.indices, c.values)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%d columns, indices %b: error %v, want %q", c.in, c.indices, err, c.want)
		}
	}
	if _, ok := packed.PackSemi(tensor.BF16, 1, 4, []byte{1, 0, 0, 1, 0, 0, 1, 0}); ok {
		t.Error("three weights of four were packed as two")
	}
	if _, ok := packed.PackSemi(tensor.BF16, 1, 2, make([]byte, 4)); ok {
		t.Error("half a group of four was packed")
	}
}
