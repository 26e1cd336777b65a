package safetensors

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// FuzzReader reads arbitrary bytes. What is accepted must be consistent: tensors that fill the data,
// readable in full, and a header that means the same after it was written again.
func FuzzReader(f *testing.F) {
	for _, name := range []string{"models/rand-llama3/model-00002-of-00003.safetensors"} {
		b, err := os.ReadFile(golden.Path(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"", "{}", file("{}", ""),
		file(`{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}`, "12345678"),
		file(`{"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"I8","shape":[0,3],"data_offsets":[2,2]}}`, "12"),
		file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[4],"data_offsets":[2,6]}}`, "123456"),
		file(`{"a":{"dtype":"U16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F4","shape":[3,2],"data_offsets":[4,7]},"c":{"dtype":"NF5","shape":[70],"data_offsets":[7,9]}}`, "123456789"),
		file(`{"a":{"dtype":"F6_E2M3","shape":[4611686018427387904,2],"data_offsets":[0,3]}}`, "123"),
		file(`{"a":{"dtype":"F64","shape":[9223372036854775807,2],"data_offsets":[0,18446744073709551615]}}`, "12345678"),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		st, err := open(string(content))
		if err != nil {
			return
		}
		var end int64
		for _, x := range st.Tensors() {
			if x.Start != end {
				t.Errorf("%q starts at %d, want %d", x.Name, x.Start, end)
			}
			end = x.End
			s, err := st.Section(x.Name)
			if err != nil {
				t.Fatal(err)
			}
			if err := blob.ReadFull(s, make([]byte, x.Bytes()), 0); err != nil {
				t.Errorf("%q: %v", x.Name, err)
			}
			v, err := st.Read(x.Name)
			if x.DType == tensor.Opaque {
				if !errors.As(err, new(*blob.TypeError)) {
					t.Errorf("%q of type %s gives %v", x.Name, x.Type(), err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if int64(v.Len()*x.DType.Size()) != x.Bytes() {
				t.Errorf("%q has %d elements in %d bytes", x.Name, v.Len(), x.Bytes())
			}
		}
		if end != int64(len(content)-len(st.Header())) {
			t.Errorf("tensors end at %d of %d bytes", end, len(content)-len(st.Header()))
		}
		header, err := EncodeHeader(st.Tensors(), st.Metadata())
		if err != nil {
			t.Fatal(err)
		}
		again, err := open(string(header) + strings.Repeat("x", int(end)))
		if err != nil {
			t.Fatalf("%v\nafter writing %q", err, header)
		}
		if !reflect.DeepEqual(again.Tensors(), st.Tensors()) || !reflect.DeepEqual(again.Metadata(), st.Metadata()) {
			t.Errorf("got %v %v\nwant %v %v", again.Tensors(), again.Metadata(), st.Tensors(), st.Metadata())
		}
	})
}
