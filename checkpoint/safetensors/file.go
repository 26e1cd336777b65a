package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"maps"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// MaxHeader is the largest header accepted, in bytes; the reference library's limit.
const MaxHeader = 100_000_000

// lengthBytes is the size of the header length in front of the header.
const lengthBytes = 8

// File is an open safetensors file: its header, and access to the bytes behind it.
type File struct {
	name     string
	data     io.ReaderAt
	base     int64  // where the data section starts
	header   []byte // length and JSON, as stored
	tensors  []Tensor
	index    map[string]int
	metadata map[string]string
	closer   io.Closer
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

// New reads the header of the size bytes in data. The name appears in errors only. Content that is
// not a sound safetensors file gives a *checkpoint.FormatError.
func New(name string, data io.ReaderAt, size int64) (*File, error) {
	if size < lengthBytes {
		return nil, &blob.FormatError{File: name, Msg: fmt.Sprintf("file of %d bytes is too short for a safetensors header", size)}
	}
	var length [lengthBytes]byte
	if err := blob.ReadFull(data, length[:], 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	switch {
	case string(length[:]) == "version ":
		return nil, &blob.FormatError{File: name, Msg: "file is a Git LFS pointer, not the weights themselves"}
	case n > MaxHeader:
		return nil, &blob.FormatError{File: name, Msg: fmt.Sprintf("header length %d exceeds the limit of %d bytes", n, MaxHeader)}
	case int64(n) > size-lengthBytes:
		return nil, &blob.FormatError{File: name, Msg: fmt.Sprintf("header length %d exceeds the %d bytes that follow it", n, size-lengthBytes)}
	}
	f := &File{name: name, data: data, base: lengthBytes + int64(n), header: make([]byte, lengthBytes+n)}
	if err := blob.ReadFull(data, f.header, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var err error
	if f.tensors, f.metadata, err = parseHeader(name, f.header[lengthBytes:]); err != nil {
		return nil, err
	}
	if err := checkLayout(name, f.tensors, size-f.base); err != nil {
		return nil, err
	}
	f.index = make(map[string]int, len(f.tensors))
	for i, t := range f.tensors {
		f.index[t.Name] = i
	}
	return f, nil
}

// Tensors lists the tensors in the order of their bytes. The caller must not change the list.
func (f *File) Tensors() []Tensor { return f.tensors }

// Lookup finds a tensor by name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Metadata returns a copy of the header's __metadata__; nil when there is none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Header returns everything before the data section as it is stored, length included. The caller
// must not change it.
func (f *File) Header() []byte { return f.header }

// Section gives access to the stored bytes of a tensor.
func (f *File) Section(name string) (*io.SectionReader, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("%s has no tensor %s", f.name, blob.Quote(name))
	}
	return io.NewSectionReader(f.data, f.base+t.Start, t.Bytes()), nil
}

// View returns the stored bytes of a tensor: the mapped file itself where it is mapped, a copy
// elsewhere. They must not be changed and not be used after Close, and the file must not be truncated
// while they are in use.
func (f *File) View(name string) ([]byte, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("%s has no tensor %s", f.name, blob.Quote(name))
	}
	var b []byte
	var err error
	if v, ok := f.data.(interface {
		View(off, n int64) ([]byte, error)
	}); ok {
		b, err = v.View(f.base+t.Start, t.Bytes())
	} else {
		b = make([]byte, t.Bytes())
		err = blob.ReadFull(f.data, b, f.base+t.Start)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: tensor %s: %w", f.name, blob.Quote(name), err)
	}
	return b, nil
}

// Read returns a tensor widened (float64, int64: narrowed) to float32. One of an opaque type gives a
// *checkpoint.TypeError.
func (f *File) Read(name string) (*tensor.Tensor, error) {
	s, err := f.Section(name)
	if err != nil {
		return nil, err
	}
	t, _ := f.Lookup(name)
	if t.DType == tensor.Opaque {
		return nil, &blob.TypeError{File: f.name, Tensor: name, Type: t.Type()}
	}
	v, err := blob.Decode(s, t.DType, t.Shape)
	if err != nil {
		return nil, fmt.Errorf("read %s: tensor %s: %w", f.name, blob.Quote(name), err)
	}
	return v, nil
}

// Close releases the file. Reads fail afterwards.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}
