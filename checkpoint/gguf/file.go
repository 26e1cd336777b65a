package gguf

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// Tensor describes a tensor as it is stored.
type Tensor struct {
	Name string
	Type Type
	// Shape has the slowest dimension first, as everywhere here; the file has them the other way round.
	Shape  []int
	Offset int64 // in the file, in bytes
	Bytes  int64
}

// File is an open GGUF file.
type File struct {
	name    string
	data    io.ReaderAt
	closer  io.Closer
	keys    []string
	values  map[string]any
	tensors []Tensor
	index   map[string]int
}

// Open opens the file name of fsys, memory-mapped when fsys is a folder of the operating system.
func Open(fsys fs.FS, name string) (*File, error) {
	b, err := blob.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	f, err := New(name, b, b.Size())
	if err != nil {
		b.Close()
		return nil, err
	}
	f.closer = b
	return f, nil
}

// Close releases the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Keys lists the keys of the metadata, in the order of the file.
func (f *File) Keys() []string { return slices.Clone(f.keys) }

// Value returns the value of a key of the metadata: uint8, int8, … uint64, int64, float32, float64, bool, string, or a
// slice of one of them. It must not be changed.
func (f *File) Value(key string) (any, bool) {
	v, ok := f.values[key]
	return v, ok
}

// Tensors lists the tensors, in the order of the file.
func (f *File) Tensors() []Tensor { return slices.Clone(f.tensors) }

// Read returns a tensor as float32, dequantised where it is in blocks, to the bits that gguf-py gives.
func (f *File) Read(name string) (*tensor.Tensor, error) {
	i, ok := f.index[name]
	if !ok {
		return nil, fmt.Errorf("no tensor %s in %s", blob.Quote(name), f.name)
	}
	t := &f.tensors[i]
	if !t.Type.known() {
		return nil, &blob.FormatError{File: f.name, Msg: fmt.Sprintf("tensor %s has the type %v, which is not read here", blob.Quote(name), t.Type)}
	}
	form := forms[t.Type]
	out := tensor.New(t.Shape...)
	values := out.Data()
	buffer := make([]byte, min(t.Bytes, int64(bufferBlocks*form.bytes)))
	for at := int64(0); at < t.Bytes; {
		part := buffer[:min(int64(len(buffer)), t.Bytes-at)]
		if err := blob.ReadFull(f.data, part, t.Offset+at); err != nil {
			return nil, fmt.Errorf("read %s: tensor %s: %w", f.name, blob.Quote(name), err)
		}
		for b := 0; b < len(part); b += form.bytes {
			form.decode(values[:form.values], part[b:b+form.bytes])
			values = values[form.values:]
		}
		at += int64(len(part))
	}
	return out, nil
}

// bufferBlocks is how many blocks are read at a time.
const bufferBlocks = 4096

// Type is how the elements of a tensor are stored, as ggml numbers it.
type Type uint32

// The types that are read.
const (
	F32   Type = 0
	F16   Type = 1
	Q4_0  Type = 2
	Q4_1  Type = 3
	Q5_0  Type = 6
	Q5_1  Type = 7
	Q8_0  Type = 8
	Q2_K  Type = 10
	Q3_K  Type = 11
	Q4_K  Type = 12
	Q5_K  Type = 13
	Q6_K  Type = 14
	IQ4NL Type = 20
	BF16  Type = 30
)

// form is the layout of a type: blocks of so many bytes with so many values.
type form struct {
	name          string
	values, bytes int
	decode        func(dst []float32, block []byte)
}

func (t Type) known() bool { return forms[t].decode != nil }

// String returns ggml's name of the type.
func (t Type) String() string {
	if t.known() {
		return forms[t].name
	}
	return fmt.Sprintf("number %d", uint32(t))
}

// size returns the bytes of a tensor of a known type; ok is false if they overflow or the rows are no whole blocks.
func (t Type) size(shape []int) (bytes int64, ok bool) {
	n, ok := blob.Elements(shape)
	form := forms[t]
	if !ok || len(shape) == 0 || shape[len(shape)-1]%form.values != 0 || n/int64(form.values) > math.MaxInt64/int64(form.bytes) {
		return 0, false
	}
	return n / int64(form.values) * int64(form.bytes), true
}
