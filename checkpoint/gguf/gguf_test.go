package gguf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/gguf"
)

// TestBlocks compares every type with what gguf-py dequantises, bit for bit (testdata/record.py).
func TestBlocks(t *testing.T) {
	f, err := gguf.Open(os.DirFS("testdata"), "blocks.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := os.ReadFile("testdata/blocks.f32")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tensors()) != 14 {
		t.Errorf("%d tensors, want 14", len(f.Tensors()))
	}
	for _, info := range f.Tensors() {
		if info.Type.String() != info.Name {
			t.Errorf("tensor %s has the type %v", info.Name, info.Type)
		}
		x, err := f.Read(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		if x.Dim(0) != 3 || len(x.Shape()) != 2 {
			t.Errorf("%s has shape %v", info.Name, x.Shape())
		}
		for i, v := range x.Data() {
			if w := binary.LittleEndian.Uint32(want[4*i:]); math.Float32bits(v) != w {
				t.Fatalf("%s: element %d is %v, want %v", info.Name, i, v, math.Float32frombits(w))
			}
		}
		want = want[4*x.Len():]
	}
	if len(want) != 0 {
		t.Errorf("%d bytes more were recorded", len(want))
	}
	for key, want := range map[string]any{"k.u8": uint8(200), "k.i8": int8(-100), "k.u16": uint16(60000), "k.i16": int16(-30000), "k.u32": uint32(4000000000),
		"k.i32": int32(-2000000000), "k.f32": float32(1.5), "k.u64": uint64(1 << 63), "k.i64": int64(-1 << 62), "k.f64": 0.1, "k.bool": true, "k.string": "héllo",
		"k.strings": []string{"a", "", "▁b"}, "k.ints": []int32{1, -2, 3}, "k.floats": []float32{0.5, -1.5}, "k.bools": []bool{true, false}, "general.architecture": "test"} {
		if got, ok := f.Value(key); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", key, got, want)
		}
	}
	if keys := f.Keys(); len(keys) != 17 && len(keys) != 18 || keys[0] != "general.architecture" && !strings.HasPrefix(keys[0], "GGUF") {
		t.Errorf("keys are %v", keys)
	}
	if _, err := f.Read("none"); err == nil {
		t.Error("a tensor that is not there was read")
	}
}

// header is a file of version 3 with the given counts and bytes behind them.
func header(tensors, keys uint64, rest ...any) []byte {
	b := append([]byte("GGUF"), 3, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, tensors)
	b = binary.LittleEndian.AppendUint64(b, keys)
	for _, r := range rest {
		if s, ok := r.(string); ok {
			b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
			b = append(b, s...)
			continue
		}
		b, _ = binary.Append(b, binary.LittleEndian, r)
	}
	return b
}

// TestHostile: lengths that files do not have are refused, in words that say what was wanted.
func TestHostile(t *testing.T) {
	const f32 = uint32(0)
	for want, content := range map[string][]byte{
		"wants 4 bytes more":                     []byte("GG"),
		`file starts with "GGML"`:                append([]byte("GGML"), make([]byte, 30)...),
		"version 1, want 2 or 3":                 append([]byte("GGUF\x01\x00\x00\x00"), make([]byte, 30)...),
		"18446744073709551615 tensors":           header(math.MaxUint64, 0),
		"18446744073709551615 keys":              header(0, math.MaxUint64),
		"5 keys, want at most":                   header(0, 5),
		"1152921504606846976 bytes of a text":    header(0, 1, uint64(1<<60), "xxxxxxxx"),
		"a key has 0 bytes":                      header(0, 1, "", f32, uint8(1)),
		"is of the kind 77":                      header(0, 1, "a", uint32(77), uint64(0)),
		`key "a" stands twice`:                   header(0, 2, "a", uint32(0), uint8(1), "a", uint32(0), uint8(1), uint64(0)),
		"elements of the kind 9":                 header(0, 1, "a", uint32(9), uint32(9), uint64(1), uint64(0)),
		"1000 values of 8 bytes":                 header(0, 1, "a", uint32(9), uint32(12), uint64(1000), make([]byte, 2000)),
		"values of a list":                       header(0, 1, "a", uint32(9), uint32(0), uint64(1<<50), uint64(0)),
		"has 0 dimensions":                       header(1, 0, "t", uint32(0), f32, uint64(0)),
		"has 4294967295 dimensions":              header(1, 0, "t", uint32(math.MaxUint32), f32, uint64(0)),
		"has a dimension of 9223372036854775808": header(1, 0, "t", uint32(1), uint64(1<<63), f32, uint64(0)),
		"begins at byte 18446744073709551615":    header(1, 0, "t", uint32(1), uint64(1), f32, uint64(math.MaxUint64)),
		`tensor "t" stands twice`:                header(2, 0, "t", uint32(1), uint64(1), f32, uint64(0), "t", uint32(1), uint64(1), f32, uint64(0)),
		"has 4000000 bytes from byte":            header(1, 0, "t", uint32(1), uint64(1000000), f32, uint64(0)),
		"cannot have the shape [33]":             header(1, 0, "t", uint32(1), uint64(33), uint32(2), uint64(0), make([]byte, 100)),
		"cannot have the shape [2147483647 2147483647 2147483647 2147483647]": header(1, 0, "t", uint32(4), uint64(math.MaxInt32), uint64(math.MaxInt32), uint64(math.MaxInt32), uint64(math.MaxInt32), f32, uint64(0)),
		"general.alignment is 3": header(0, 1, "general.alignment", uint32(4), uint32(3)),
	} {
		_, err := gguf.New("x.gguf", bytes.NewReader(content), int64(len(content)))
		var bad *checkpoint.FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.gguf") {
			t.Errorf("got %v, want a *FormatError with %q", err, want)
		}
	}
	unknown := header(1, 0, "t", uint32(1), uint64(32), uint32(99), uint64(0), make([]byte, 100))
	f, err := gguf.New("x.gguf", bytes.NewReader(unknown), int64(len(unknown)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read("t"); err == nil || !strings.Contains(err.Error(), `tensor "t" has the type number 99`) {
		t.Errorf("an unknown type: %v", err)
	}
}

func FuzzNew(f *testing.F) {
	b, err := os.ReadFile("testdata/blocks.gguf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(header(1, 1, "a", uint32(8), "text", "t", uint32(1), uint64(32), uint32(2), uint64(0), make([]byte, 100)))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := gguf.New("x.gguf", bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		for _, info := range file.Tensors() {
			x, err := file.Read(info.Name)
			if err == nil && int64(x.Len()) > int64(len(content))*256/18 {
				t.Errorf("%s has %d elements in a file of %d bytes", info.Name, x.Len(), len(content))
			}
		}
	})
}
