package gguf

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// Bounds of a header, several times what files have.
const (
	maxHeader  = 256 << 20 // bytes; the tokens and merges of a large vocabulary take 20 MB
	maxTensors = 1 << 20
	maxKeys    = 1 << 16
	maxName    = 1 << 16
	maxDims    = 8
)

const (
	magic            = "GGUF"
	defaultAlignment = 32
	alignmentKey     = "general.alignment"
)

// header reads a header; nothing is taken from the file that it does not have.
type header struct {
	name  string
	data  io.ReaderAt
	at    int64 // in the file, behind what is in the buffer
	end   int64
	ready []byte
}

// New reads the metadata and the table of tensors of the size bytes in data. The name appears in errors only. Content that
// is not a sound GGUF file gives a *checkpoint.FormatError.
func New(name string, data io.ReaderAt, size int64) (*File, error) {
	h := &header{name: name, data: data, end: size}
	f := &File{name: name, data: data, values: map[string]any{}, index: map[string]int{}}
	start, err := h.bytes(4)
	if err != nil {
		return nil, err
	}
	if string(start) != magic {
		return nil, h.fail("file starts with %q, want %q", start, magic)
	}
	version, err := number[uint32](h)
	if err != nil {
		return nil, err
	}
	if version != 2 && version != 3 {
		return nil, h.fail("version %d, want 2 or 3 (of the processor's byte order)", version)
	}
	tensors, err := h.count("tensors", maxTensors)
	if err != nil {
		return nil, err
	}
	keys, err := h.count("keys", maxKeys)
	if err != nil {
		return nil, err
	}
	for range keys {
		if err := h.key(f); err != nil {
			return nil, err
		}
	}
	for range tensors {
		if err := h.tensor(f); err != nil {
			return nil, err
		}
	}
	return f, h.place(f)
}

func (h *header) fail(format string, args ...any) error {
	return &blob.FormatError{File: h.name, Offset: h.at - int64(len(h.ready)), Msg: fmt.Sprintf(format, args...)}
}

// left is how many bytes follow.
func (h *header) left() int64 { return min(h.end, maxHeader) - h.at + int64(len(h.ready)) }

// bytes returns the next n bytes, which are good until the next call.
func (h *header) bytes(n int) ([]byte, error) {
	if int64(n) > h.left() {
		return nil, h.fail("the header wants %d bytes more, the file has %d (a header at most %d)", n, h.left(), maxHeader)
	}
	if n > len(h.ready) {
		const chunk = 64 << 10
		more := make([]byte, min(max(int64(n), chunk), h.left()))
		old := copy(more, h.ready)
		if err := blob.ReadFull(h.data, more[old:], h.at); err != nil {
			return nil, fmt.Errorf("read %s: %w", h.name, err)
		}
		h.at += int64(len(more) - old)
		h.ready = more
	}
	b := h.ready[:n]
	h.ready = h.ready[n:]
	return b, nil
}

// number reads a number.
func number[T any](h *header) (v T, err error) {
	b, err := h.bytes(binary.Size(v))
	if err != nil {
		return v, err
	}
	_, err = binary.Decode(b, binary.LittleEndian, &v)
	return v, err
}

// count reads a count of things that take a byte each at least.
func (h *header) count(what string, most uint64) (int, error) {
	n, err := number[uint64](h)
	if err != nil {
		return 0, err
	}
	if n > most || n > uint64(h.left()) {
		return 0, h.fail("%d %s, want at most %d, in a file that goes on for %d bytes", n, what, most, h.left())
	}
	return int(n), nil
}

func (h *header) text() (string, error) {
	n, err := h.count("bytes of a text", math.MaxInt64)
	if err != nil {
		return "", err
	}
	b, err := h.bytes(n)
	return string(b), err
}

// key reads a key and its value.
func (h *header) key(f *File) error {
	name, err := h.text()
	if err != nil {
		return err
	}
	if len(name) > maxName || name == "" {
		return h.fail("a key has %d bytes, want 1 to %d", len(name), maxName)
	}
	if _, twice := f.values[name]; twice {
		return h.fail("key %s stands twice", blob.Quote(name))
	}
	kind, err := number[uint32](h)
	if err != nil {
		return err
	}
	v, err := h.value(kind)
	if err != nil {
		return err
	}
	f.keys = append(f.keys, name)
	f.values[name] = v
	return nil
}

// kinds read one value of a kind, and kindsOf a list.
var kinds = map[uint32]func(h *header) (any, error){
	0: one[uint8], 1: one[int8], 2: one[uint16], 3: one[int16], 4: one[uint32], 5: one[int32], 6: one[float32],
	7: func(h *header) (any, error) { v, err := number[uint8](h); return v != 0, err },
	8: func(h *header) (any, error) { return h.text() }, 10: one[uint64], 11: one[int64], 12: one[float64],
}

var kindsOf = map[uint32]func(h *header, n int) (any, error){
	0: many[uint8], 1: many[int8], 2: many[uint16], 3: many[int16], 4: many[uint32], 5: many[int32], 6: many[float32],
	7: func(h *header, n int) (any, error) {
		return list(h, n, 1, func() (bool, error) { v, err := number[uint8](h); return v != 0, err })
	},
	8: func(h *header, n int) (any, error) { return list(h, n, 8, h.text) }, 10: many[uint64], 11: many[int64], 12: many[float64],
}

func one[T any](h *header) (any, error) { return number[T](h) }

func many[T any](h *header, n int) (any, error) {
	var v T
	return list(h, n, binary.Size(v), func() (T, error) { return number[T](h) })
}

// list reads n values of so many bytes each at least.
func list[T any](h *header, n, bytes int, next func() (T, error)) (any, error) {
	if int64(n) > h.left()/int64(bytes) {
		return nil, h.fail("a list of %d values of %d bytes, the header goes on for %d", n, bytes, h.left())
	}
	all := make([]T, n)
	for i := range all {
		var err error
		if all[i], err = next(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const arrayKind = 9

func (h *header) value(kind uint32) (any, error) {
	if kind != arrayKind {
		read, ok := kinds[kind]
		if !ok {
			return nil, h.fail("a value is of the kind %d, want 0 to 12", kind)
		}
		return read(h)
	}
	element, err := number[uint32](h)
	if err != nil {
		return nil, err
	}
	read, ok := kindsOf[element]
	if !ok {
		return nil, h.fail("a list has elements of the kind %d, want a number, a truth value or a text", element)
	}
	n, err := h.count("values of a list", math.MaxInt64)
	if err != nil {
		return nil, err
	}
	return read(h, n)
}

// tensor reads a line of the table. Offset is still from where the tensors start.
func (h *header) tensor(f *File) error {
	name, err := h.text()
	if err != nil {
		return err
	}
	if _, twice := f.index[name]; twice {
		return h.fail("tensor %s stands twice", blob.Quote(name))
	}
	dims, err := number[uint32](h)
	if err != nil {
		return err
	}
	if dims == 0 || dims > maxDims {
		return h.fail("tensor %s has %d dimensions, want 1 to %d", blob.Quote(name), dims, maxDims)
	}
	t := Tensor{Name: name, Shape: make([]int, dims)}
	for i := range t.Shape {
		d, err := number[uint64](h)
		if err != nil {
			return err
		}
		if d > math.MaxInt32 {
			return h.fail("tensor %s has a dimension of %d", blob.Quote(name), d)
		}
		t.Shape[int(dims)-1-i] = int(d)
	}
	kind, err := number[uint32](h)
	if err != nil {
		return err
	}
	offset, err := number[uint64](h)
	if err != nil {
		return err
	}
	if offset > math.MaxInt64/2 {
		return h.fail("tensor %s begins at byte %d", blob.Quote(name), offset)
	}
	t.Type, t.Offset = Type(kind), int64(offset)
	f.index[name] = len(f.tensors)
	f.tensors = append(f.tensors, t)
	return nil
}

// place finds where the tensors are, and that the file has them.
func (h *header) place(f *File) error {
	alignment := int64(defaultAlignment)
	if v, ok := f.values[alignmentKey]; ok {
		n, isNumber := v.(uint32)
		if !isNumber || n == 0 || n&(n-1) != 0 || n > 1<<20 {
			return h.fail("%s is %v, want a power of two", alignmentKey, v)
		}
		alignment = int64(n)
	}
	start := h.at - int64(len(h.ready))
	start = (start + alignment - 1) / alignment * alignment
	for i := range f.tensors {
		t := &f.tensors[i]
		t.Offset += start
		if !t.Type.known() {
			continue // it may be listed, and is refused when it is read
		}
		var ok bool
		if t.Bytes, ok = t.Type.size(t.Shape); !ok {
			return h.fail("tensor %s of the type %v cannot have the shape %v", blob.Quote(t.Name), t.Type, t.Shape)
		}
		if t.Offset%alignment != 0 || t.Bytes > h.end-t.Offset {
			return h.fail("tensor %s has %d bytes from byte %d on, the file ends at %d", blob.Quote(t.Name), t.Bytes, t.Offset, h.end)
		}
	}
	return nil
}
