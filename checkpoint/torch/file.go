package torch

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// Tensor is one entry of the state dict.
type Tensor struct {
	Name  string
	DType tensor.DType
	Shape []int
}

// File is an open PyTorch checkpoint.
type File struct {
	name    string
	tensors []Tensor
	places  map[string]*place
	closer  io.Closer
}

// Open opens the file name of fsys.
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

// New reads the table of tensors of the size bytes in data. The name appears in errors only.
// Content that is not a sound state dict gives a *checkpoint.FormatError; when it names a class
// that is not allowed, a *ClassError is wrapped in it.
func New(name string, data io.ReaderAt, size int64) (*File, error) {
	if size < 0 {
		return nil, &blob.FormatError{File: name, Msg: fmt.Sprintf("size of %d bytes, want that of a file", size)}
	}
	start := make([]byte, min(size, 8))
	if err := blob.ReadFull(data, start, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var state any
	var sources map[*storage]*io.SectionReader
	var err error
	switch {
	case isZip(start):
		state, sources, err = readZip(data, size)
	case isLegacy(start):
		state, sources, err = readLegacy(data, size)
	case string(start) == "version ":
		return nil, &blob.FormatError{File: name, Msg: "file is a Git LFS pointer, not the weights themselves"}
	default:
		return nil, &blob.FormatError{File: name, Msg: fmt.Sprintf("file of %d bytes starting with %q is not a PyTorch checkpoint", size, start)}
	}
	if err != nil {
		return nil, &blob.FormatError{File: name, Err: err}
	}
	f := &File{name: name}
	if err := f.collect(state, sources); err != nil {
		return nil, err
	}
	return f, nil
}

// readZip returns the state dict and the place of every storage in it.
func readZip(data io.ReaderAt, size int64) (any, map[*storage]*io.SectionReader, error) {
	a, err := openArchive(data, size)
	if err != nil {
		return nil, nil, err
	}
	content, err := a.pickle()
	if err != nil {
		return nil, nil, err
	}
	table := &storageTable{byKey: make(map[string]*storage)}
	state, err := unpickle(content, table.load)
	if err != nil {
		return nil, nil, fmt.Errorf("data.pkl: %w", err)
	}
	sources := make(map[*storage]*io.SectionReader, len(table.byKey))
	for _, key := range slices.Sorted(maps.Keys(table.byKey)) {
		s := table.byKey[key]
		if sources[s], err = a.storage(s); err != nil {
			return nil, nil, err
		}
	}
	return state, sources, nil
}

// collect checks the tensors of the state dict against their storages.
func (f *File) collect(state any, sources map[*storage]*io.SectionReader) error {
	names, list, err := entries(state)
	if err != nil {
		return &blob.FormatError{File: f.name, Err: err}
	}
	f.places = make(map[string]*place, len(names))
	for i, name := range names {
		if !utf8.ValidString(name) {
			return &blob.FormatError{File: f.name, Tensor: name, Msg: "name is not UTF-8"}
		}
		if f.places[name] != nil {
			return &blob.FormatError{File: f.name, Tensor: name, Msg: "name appears twice in the state dict"}
		}
		p, err := newPlace(list[i], sources)
		if err != nil {
			return &blob.FormatError{File: f.name, Tensor: name, Err: err}
		}
		f.places[name] = p
		f.tensors = append(f.tensors, Tensor{Name: name, DType: p.dtype, Shape: p.shape})
	}
	return nil
}

// Tensors lists the tensors in the order of the state dict. The caller must not change the list.
func (f *File) Tensors() []Tensor { return f.tensors }

// Section gives access to the elements of a tensor, row-major and little endian in its stored type,
// whatever the layout in the file.
func (f *File) Section(name string) (*io.SectionReader, error) {
	p := f.places[name]
	if p == nil {
		return nil, fmt.Errorf("%s has no tensor %s", f.name, blob.Quote(name))
	}
	s, err := p.section()
	if err != nil {
		return nil, fmt.Errorf("read %s: tensor %s: %w", f.name, blob.Quote(name), err)
	}
	return s, nil
}

// Read returns a tensor widened (float64, int64: narrowed) to float32.
func (f *File) Read(name string) (*tensor.Tensor, error) {
	s, err := f.Section(name)
	if err != nil {
		return nil, err
	}
	v, err := blob.Decode(s, f.places[name].dtype, f.places[name].shape)
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
