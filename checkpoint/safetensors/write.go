package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// Layout gives the tensors their places in the data section, one behind the other in the order of
// the list, setting Start and End; those of an opaque type whose size is not known keep the number of
// bytes that Start and End span. It fails on a shape that no file can hold and on a name that
// occurs twice or is reserved.
func Layout(tensors []Tensor) error {
	seen := make(map[string]bool, len(tensors))
	var end int64
	for i := range tensors {
		t := &tensors[i]
		if seen[t.Name] || t.Name == metadataKey {
			return fmt.Errorf("tensor name %s is taken", blob.Quote(t.Name))
		}
		seen[t.Name] = true
		size, err := t.wantBytes()
		if err == nil && end+size < end {
			err = fmt.Errorf("shape %v of %s is too large", t.Shape, t.Type())
		}
		if err != nil {
			return fmt.Errorf("tensor %s: %w", blob.Quote(t.Name), err)
		}
		t.Start, t.End = end, end+size
		end = t.End
	}
	return nil
}

// Sort orders tensors as the reference library writes them, larger element types first so that
// every tensor is aligned, then by name.
func Sort(tensors []Tensor) {
	slices.SortFunc(tensors, func(a, b Tensor) int {
		if c := cmp.Compare(b.bits(), a.bits()); c != 0 {
			return c
		}
		return cmp.Compare(a.Name, b.Name)
	})
}

// Align moves larger element types to the front and keeps the order otherwise, so that every tensor
// is aligned.
func Align(tensors []Tensor) {
	slices.SortStableFunc(tensors, func(a, b Tensor) int { return cmp.Compare(b.bits(), a.bits()) })
}

// EncodeHeader returns the bytes before the data section for tensors that went through Layout:
// length, JSON, and blanks up to a multiple of 8 bytes. The same input gives the same bytes.
func EncodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, lengthBytes))
	b.WriteByte('{')
	if metadata != nil {
		b.WriteString(`"` + metadataKey + `":{`)
		for i, key := range slices.Sorted(maps.Keys(metadata)) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%s:%s", quoteJSON(key), quoteJSON(metadata[key]))
		}
		b.WriteByte('}')
	}
	for i, t := range tensors {
		if i > 0 || metadata != nil {
			b.WriteByte(',')
		}
		shape, err := json.Marshal(append([]int{}, t.Shape...))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(b, `%s:{"dtype":%s,"shape":%s,"data_offsets":[%d,%d]}`, quoteJSON(t.Name), quoteJSON(t.Type()), shape, t.Start, t.End)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	header := b.Bytes()
	n := len(header) - lengthBytes
	if n > MaxHeader {
		return nil, fmt.Errorf("header of %d bytes exceeds the limit of %d", n, MaxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(n))
	return header, nil
}

// quoteJSON is s as a JSON string, without the escapes for HTML that encoding/json adds.
func quoteJSON(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// Entry is a tensor to be written, stored as DType.
type Entry struct {
	Name  string
	DType tensor.DType
	Value *tensor.Tensor
}

// Write writes one safetensors file. Tensors are laid out as Sort orders them, so the order of the
// entries does not matter. Metadata may be nil; Hugging Face's loaders want "format": "pt".
func Write(w io.Writer, entries []Entry, metadata map[string]string) error {
	tensors := make([]Tensor, len(entries))
	values := make(map[string]*tensor.Tensor, len(entries))
	for i, e := range entries {
		tensors[i] = Tensor{Name: e.Name, DType: e.DType, Shape: e.Value.Shape()}
		values[e.Name] = e.Value
	}
	Sort(tensors)
	if err := Layout(tensors); err != nil {
		return err
	}
	header, err := EncodeHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if err := EncodeTo(w, values[t.Name].Data(), t.DType); err != nil {
			return fmt.Errorf("tensor %s: %w", blob.Quote(t.Name), err)
		}
	}
	return nil
}

// EncodeTo writes values to w in the stored form of type d, a piece at a time.
func EncodeTo(w io.Writer, values []float32, d tensor.DType) error {
	const piece = 1 << 18
	buf := make([]byte, min(len(values), piece)*d.Size())
	for len(values) > 0 {
		part := values[:min(len(values), piece)]
		values = values[len(part):]
		out := buf[:len(part)*d.Size()]
		if err := tensor.Encode(out, part, d); err != nil {
			return err
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes one safetensors file at path, through a temporary file in the same folder so
// that path never holds half a file.
func WriteFile(path string, entries []Entry, metadata map[string]string) error {
	return blob.WriteFile(path, func(w io.Writer) error { return Write(w, entries, metadata) })
}
