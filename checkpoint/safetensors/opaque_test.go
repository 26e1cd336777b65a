package safetensors

import (
	"errors"
	"io"
	"testing"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// TestOpaque reads a file with types that nothing is computed with: their bytes are there, their numbers
// are not, and the header is written again as it was.
func TestOpaque(t *testing.T) {
	const header = `{"a":{"dtype":"U64","shape":[1],"data_offsets":[0,8]},` +
		`"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},` +
		`"c":{"dtype":"U16","shape":[1,1],"data_offsets":[12,14]},` +
		`"d":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[14,16]},` +
		`"e":{"dtype":"F4","shape":[3,2],"data_offsets":[16,19]},` +
		`"f":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[19,22]},` +
		`"g":{"dtype":"NF5","shape":[70,3],"data_offsets":[22,27]}}`
	const data = "01234567\x00\x00\x80?abcdefghijABCDE"
	f, err := open(file(header, data))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{"a": "U64", "b": "F32", "c": "U16", "d": "F8_E4M3", "e": "F4", "f": "F6_E3M2", "g": "NF5"}
	for _, x := range f.Tensors() {
		if x.Type() != types[x.Name] || (x.DType == tensor.Opaque) != (x.Name != "b") {
			t.Errorf("%s has type %s (%v), want %s", x.Name, x.Type(), x.DType, types[x.Name])
		}
		s, err := f.Section(x.Name)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(s); err != nil || string(b) != data[x.Start:x.End] {
			t.Errorf("%s: %q, %v", x.Name, b, err)
		}
		_, err = f.Read(x.Name)
		var bad *blob.TypeError
		switch {
		case x.Name == "b" && err != nil:
			t.Error(err)
		case x.Name != "b" && (!errors.As(err, &bad) || bad.Tensor != x.Name || bad.Type != types[x.Name]):
			t.Errorf("%s: numbers give %v, want a *TypeError", x.Name, err)
		}
	}
	list := append([]Tensor{}, f.Tensors()...)
	if err := Layout(list); err != nil {
		t.Fatal(err)
	}
	if again, err := EncodeHeader(list, nil); err != nil || string(again[lengthBytes:lengthBytes+len(header)]) != header {
		t.Errorf("%v, written again\n%s\nwant\n%s", err, again, header)
	}
	Sort(list)
	order := ""
	for _, x := range list {
		order += x.Name
	}
	if order != "abcdfeg" {
		t.Errorf("sorted as %s, want wider elements first and those of unknown width last", order)
	}
}
