package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// file is a safetensors file with the given header and data.
func file(header, data string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + data
}

func open(content string) (*File, error) {
	return New("m.safetensors", strings.NewReader(content), int64(len(content)))
}

func TestBadFile(t *testing.T) {
	length := func(n uint64, rest string) string {
		return string(binary.LittleEndian.AppendUint64(nil, n)) + rest
	}
	// x wraps the content of one tensor entry.
	x := func(entry string) string { return file(`{"x":{`+entry+`}}`, "12345678") }
	const good = `"dtype":"F32","shape":[2],"data_offsets":[0,8]`
	two := func(a, b string) string {
		return file(`{"a":{"dtype":"U8","shape":`+a+`},"b":{"dtype":"U8","shape":`+b+`}}`, "12345678")
	}
	for _, c := range []struct{ name, content, want string }{
		// Length.
		{"empty", "", "m.safetensors: file of 0 bytes is too short for a safetensors header"},
		{"seven bytes", "1234567", "m.safetensors: file of 7 bytes is too short for a safetensors header"},
		{"length alone", length(0, ""), "m.safetensors: header is not valid JSON: unexpected EOF (at byte 8)"},
		{"header beyond the file", length(3, "{}"), "m.safetensors: header length 3 exceeds the 2 bytes that follow it"},
		{"header beyond 100 MB", length(100_000_001, "{}"), "m.safetensors: header length 100000001 exceeds the limit of 100000000 bytes"},
		{"header beyond 2^63", length(1<<63+2, "{}"), "m.safetensors: header length 9223372036854775810 exceeds the limit of 100000000 bytes"},
		{"pointer", "version https://git-lfs.github.com/spec/v1\n", "m.safetensors: file is a Git LFS pointer, not the weights themselves"},

		// JSON.
		{"no JSON", file("hello", ""), "m.safetensors: header is not valid JSON: invalid character 'h' looking for beginning of value (at byte 8)"},
		{"array", file("[]", ""), `m.safetensors: header has "[" where "{" is wanted (at byte 9)`},
		{"string", file(`"a"`, ""), `m.safetensors: header has "a" where "{" is wanted (at byte 11)`},
		{"unfinished", file(`{"x":{"dtype":`, ""), `m.safetensors: tensor "x": header is not valid JSON: unexpected EOF (at byte 22)`},
		{"text behind", file(`{} {}`, ""), "m.safetensors: header has text after its closing brace (at byte 12)"},
		{"not UTF-8", file("{\"\xff\":1}", ""), "m.safetensors: header is not UTF-8 (at byte 8)"},
		{"entry is a number", file(`{"x":1}`, ""), `m.safetensors: tensor "x": entry has 1 where "{" is wanted (at byte 14)`},
		{"entry is null", file(`{"x":null}`, ""), `m.safetensors: tensor "x": entry has null where "{" is wanted (at byte 17)`},
		{"tensor twice", file(`{"x":{`+good+`},"x":{`+good+`}}`, "12345678"), `m.safetensors: tensor "x": name appears twice in the header (at byte 65)`},
		{"tensor twice, escaped", file(`{"x":{`+good+`},"\u0078":{`+good+`}}`, "12345678"), `m.safetensors: tensor "x": name appears twice in the header (at byte 70)`},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`, ""), `m.safetensors: tensor "__metadata__": name appears twice in the header (at byte 41)`},
		{"metadata is text", file(`{"__metadata__":"a"}`, ""), `m.safetensors: __metadata__ has "a" where "{" is wanted (at byte 27)`},
		{"metadata value is a number", file(`{"__metadata__":{"a":1}}`, ""), `m.safetensors: __metadata__ value of "a" is 1: want a string (at byte 30)`},
		{"metadata key twice", file(`{"__metadata__":{"a":"","a":""}}`, ""), `m.safetensors: __metadata__ key "a" appears twice (at byte 35)`},
		{"long name", file(`{"`+strings.Repeat("n", 5000)+`":1}`, ""), `m.safetensors: tensor "` + strings.Repeat("n", 160) + `…": entry has 1 where "{" is wanted (at byte 5013)`},

		// Entries.
		{"key twice", x(`"dtype":"F32","dtype":"F32"`), `m.safetensors: tensor "x": "dtype" appears twice (at byte 35)`},
		{"unknown key", x(good + `,"strides":[1]`), `m.safetensors: tensor "x": unknown key "strides" (at byte 70)`},
		{"dtype missing", x(`"shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype is missing (at byte 47)`},
		{"shape missing", x(`"dtype":"F32","data_offsets":[0,8]`), `m.safetensors: tensor "x": shape is missing (at byte 49)`},
		{"offsets missing", x(`"dtype":"F32","shape":[2]`), `m.safetensors: tensor "x": data_offsets is missing (at byte 40)`},
		{"dtype with a dash", x(`"dtype":"F-7","shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype "F-7" is no name of a type (at byte 27)`},
		{"dtype in lower case", x(`"dtype":"f32","shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype "f32" is no name of a type (at byte 27)`},
		{"dtype empty", x(`"dtype":"","shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype "" is no name of a type (at byte 24)`},
		{"dtype long", x(`"dtype":"` + strings.Repeat("F", 33) + `","shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype "` + strings.Repeat("F", 33) + `" is no name of a type (at byte 57)`},
		{"dtype with a line end", x(`"dtype":"F\n","shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype "F\n" is no name of a type (at byte 27)`},
		{"opaque span too small", x(`"dtype":"U32","shape":[2],"data_offsets":[0,7]`), `m.safetensors: tensor "x": shape [2] of U32 takes 8 bytes, data_offsets [0 7] span 7 (at byte 61)`},
		{"opaque span too large", x(`"dtype":"F8_E5M2","shape":[7],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape [7] of F8_E5M2 takes 7 bytes, data_offsets [0 8] span 8 (at byte 65)`},
		{"half a byte", x(`"dtype":"F4","shape":[3,5],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape [3 5] of F4 ends inside a byte (at byte 62)`},
		{"parts of bytes", x(`"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape [4] of F6_E2M3 takes 3 bytes, data_offsets [0 8] span 8 (at byte 65)`},
		{"opaque shape overflow", x(`"dtype":"X1","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape [4294967296 4294967296 4294967296] of X1 is too large (at byte 91)`},
		{"opaque out of range", x(`"dtype":"X1","shape":[2],"data_offsets":[0,9]`), `m.safetensors: tensor "x": data_offsets [0 9] end beyond the 8 bytes of data in the file`},
		{"dtype is a number", x(`"dtype":32,"shape":[2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": dtype is 32: want a string (at byte 24)`},
		{"shape is a number", x(`"dtype":"F32","shape":2,"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape has 2 where "[" is wanted (at byte 37)`},
		{"negative dimension", x(`"dtype":"F32","shape":[-2],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape has -2: want an integer from 0 to 2^63-1 (at byte 39)`},
		{"fractional dimension", x(`"dtype":"F32","shape":[2.0],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape has 2.0: want an integer from 0 to 2^63-1 (at byte 40)`},
		{"huge dimension", x(`"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape has 9223372036854775808: want an integer from 0 to 2^63-1 (at byte 56)`},
		{"dimension is text", x(`"dtype":"F32","shape":["2"],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape has "2": want an integer from 0 to 2^63-1 (at byte 40)`},
		{"shape overflow", x(`"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape [4294967296 4294967296 4294967296] of F32 is too large (at byte 92)`},
		{"size overflow", x(`"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]`), `m.safetensors: tensor "x": shape [2305843009213693952] of F64 is too large (at byte 79)`},
		{"overflow behind a zero", x(`"dtype":"F64","shape":[0,4294967296,4294967296],"data_offsets":[0,0]`), `m.safetensors: tensor "x": shape [0 4294967296 4294967296] of F64 is too large (at byte 83)`},
		{"rank", x(`"dtype":"F32","shape":[` + strings.Repeat("1,", 64) + `1],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape has more than 64 entries (at byte 166)`},
		{"one offset", x(`"dtype":"F32","shape":[2],"data_offsets":[0]`), `m.safetensors: tensor "x": data_offsets [0]: want 2 numbers (at byte 59)`},
		{"three offsets", x(`"dtype":"F32","shape":[2],"data_offsets":[0,8,8]`), `m.safetensors: tensor "x": data_offsets has more than 2 entries (at byte 61)`},
		{"reversed offsets", x(`"dtype":"F32","shape":[2],"data_offsets":[8,0]`), `m.safetensors: tensor "x": data_offsets [8 0] end before they start (at byte 61)`},
		{"span too small", x(`"dtype":"F32","shape":[2],"data_offsets":[0,7]`), `m.safetensors: tensor "x": shape [2] of F32 takes 8 bytes, data_offsets [0 7] span 7 (at byte 61)`},
		{"span too large", x(`"dtype":"F32","shape":[1],"data_offsets":[0,8]`), `m.safetensors: tensor "x": shape [1] of F32 takes 4 bytes, data_offsets [0 8] span 8 (at byte 61)`},

		// Layout.
		{"truncated", file(`{"x":{`+good+`}}`, "1234567"), `m.safetensors: tensor "x": data_offsets [0 8] end beyond the 7 bytes of data in the file`},
		{"out of range", x(`"dtype":"F32","shape":[2],"data_offsets":[800,808]`), `m.safetensors: tensor "x": data_offsets [800 808] end beyond the 8 bytes of data in the file`},
		{"out of range at the end of numbers", x(`"dtype":"F32","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]`), `m.safetensors: tensor "x": data_offsets [9223372036854775807 9223372036854775807] end beyond the 8 bytes of data in the file`},
		{"overlap", two(`[5],"data_offsets":[0,5]`, `[4],"data_offsets":[4,8]`), `m.safetensors: tensor "b": data_offsets [4 8] overlap tensor "a" at [0 5]`},
		{"same place", two(`[8],"data_offsets":[0,8]`, `[8],"data_offsets":[0,8]`), `m.safetensors: tensor "b": data_offsets [0 8] overlap tensor "a" at [0 8]`},
		{"inside", two(`[2],"data_offsets":[2,4]`, `[8],"data_offsets":[0,8]`), `m.safetensors: tensor "a": data_offsets [2 4] overlap tensor "b" at [0 8]`},
		{"empty tensor inside", two(`[0],"data_offsets":[2,2]`, `[8],"data_offsets":[0,8]`), `m.safetensors: tensor "a": data_offsets [2 2] overlap tensor "b" at [0 8]`},
		{"gap", two(`[2],"data_offsets":[0,2]`, `[4],"data_offsets":[4,8]`), `m.safetensors: tensor "b": data_offsets [4 8] leave a gap of 2 bytes before them`},
		{"bytes behind", two(`[2],"data_offsets":[0,2]`, `[4],"data_offsets":[2,6]`), "m.safetensors: 2 bytes after the last tensor belong to none"},
		{"no tensors but bytes", file("{}", "1"), "m.safetensors: 1 bytes after the last tensor belong to none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(c.content)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got error %v\nwant      %s", err, c.want)
			}
			var format *blob.FormatError
			if !errors.As(err, &format) {
				t.Errorf("error is a %T, want a FormatError", err)
			}
		})
	}
}

// TestTolerated lists what looks odd but is accepted, as by the reference library.
func TestTolerated(t *testing.T) {
	for _, c := range []struct {
		name, content string
		tensors       []Tensor
		metadata      map[string]string
	}{
		{"nothing", file("{}", ""), nil, nil},
		{"blanks", file(" {} \n ", ""), nil, nil},
		{"metadata", file(`{"__metadata__":{"a":"b"}}`, ""), nil, map[string]string{"a": "b"}},
		{"scalar", file(`{"x":{"dtype":"I8","shape":[],"data_offsets":[0,1]}}`, "1"), []Tensor{{"x", tensor.I8, []int{}, 0, 1, ""}}, nil},
		{"empty tensor", file(`{"x":{"dtype":"I8","shape":[3,0],"data_offsets":[0,0]}}`, ""), []Tensor{{"x", tensor.I8, []int{3, 0}, 0, 0, ""}}, nil},
		{"not aligned, not in order", file(`{"b":{"shape":[1],"data_offsets":[1,9],"dtype":"F64"},"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}`, "123456789"),
			[]Tensor{{"a", tensor.Bool, []int{1}, 0, 1, ""}, {"b", tensor.F64, []int{1}, 1, 9, ""}}, nil},
		{"empty name", file(`{"":{"dtype":"I8","shape":[],"data_offsets":[0,1]}}`, "1"), []Tensor{{"", tensor.I8, []int{}, 0, 1, ""}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := open(c.content)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(f.Tensors(), c.tensors) || !reflect.DeepEqual(f.Metadata(), c.metadata) {
				t.Errorf("got %v, %v, want %v, %v", f.Tensors(), f.Metadata(), c.tensors, c.metadata)
			}
		})
	}
}

// TestDecode reads every type from a place that is not aligned.
func TestDecode(t *testing.T) {
	le := func(v any) string {
		var b bytes.Buffer
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, c := range []struct {
		dtype, data string
		want        []float32
	}{
		{"F32", le([]float32{1.5, -2}), []float32{1.5, -2}},
		{"F16", "\x00\x3e\x00\xc0", []float32{1.5, -2}},
		{"BF16", "\xc0\x3f\x00\xc0", []float32{1.5, -2}},
		{"F64", le([]float64{1.5, -2}), []float32{1.5, -2}},
		{"I64", le([]int64{3, -2}), []float32{3, -2}},
		{"I32", le([]int32{3, -2}), []float32{3, -2}},
		{"I16", le([]int16{3, -2}), []float32{3, -2}},
		{"I8", le([]int8{3, -2}), []float32{3, -2}},
		{"U8", "\x03\xfe", []float32{3, 254}},
		{"BOOL", "\x00\x01", []float32{0, 1}},
	} {
		end := string(rune('1' + len(c.data)%10))
		if len(c.data) > 8 {
			end = "17"
		}
		f, err := open(file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"`+c.dtype+`","shape":[2,1],"data_offsets":[1,`+end+`]}}`, "?"+c.data))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Read("x")
		if err != nil {
			t.Fatal(err)
		}
		if want := tensor.FromSlice(c.want, 2, 1); !reflect.DeepEqual(got.Shape(), want.Shape()) || !reflect.DeepEqual(got.Data(), want.Data()) {
			t.Errorf("%s: got %v %v, want %v %v", c.dtype, got.Shape(), got.Data(), want.Shape(), want.Data())
		}
	}
}

// TestOpen reads the same file mapped from disk and from memory.
func TestOpen(t *testing.T) {
	path := golden.Path("models/rand-opt350/model.safetensors")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := Open(os.DirFS(filepath.Dir(path)), "model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	read, err := Open(fstest.MapFS{"m": {Data: content}}, "m")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range mapped.Tensors() {
		a, err := mapped.Section(x.Name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := read.Section(x.Name)
		if err != nil {
			t.Fatal(err)
		}
		onDisk, _ := io.ReadAll(a)
		inMemory, _ := io.ReadAll(b)
		if !bytes.Equal(onDisk, inMemory) || int64(len(onDisk)) != x.Bytes() {
			t.Errorf("%s: %d bytes mapped, %d read, want %d equal ones", x.Name, len(onDisk), len(inMemory), x.Bytes())
		}
	}
	if err := mapped.Close(); err != nil {
		t.Error(err)
	}
	name := mapped.Tensors()[0].Name
	if _, err := mapped.Read(name); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read after close: got error %v, want %v", err, os.ErrClosed)
	}
	if _, err := read.Read("absent"); err == nil || err.Error() != `m has no tensor "absent"` {
		t.Errorf("read of an absent tensor: got error %v", err)
	}
	if err := read.Close(); err != nil {
		t.Error(err)
	}
}

// A view is what Section reads, for a file of the system and for bytes in memory.
func TestView(t *testing.T) {
	mapped, err := Open(os.DirFS(golden.Path("models/rand-llama-tied")), "model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer mapped.Close()
	inMemory, err := open(file(`{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}`, "abc"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*File{mapped, inMemory} {
		for _, x := range f.Tensors() {
			s, err := f.Section(x.Name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := io.ReadAll(s)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := f.View(x.Name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v, want %d", x.Name, len(got), err, len(want))
			}
		}
		if _, err := f.View("nothing"); err == nil {
			t.Error("a view of a tensor that is not there")
		}
	}
}
