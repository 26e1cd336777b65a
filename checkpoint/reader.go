package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/checkpoint/torch"
	"github.com/adagp/adagp/tensor"
)

// Info describes a tensor as it is stored.
type Info struct {
	Name  string
	File  string       // name of the file in the model folder
	DType tensor.DType // tensor.Opaque for a type that is not computed with
	Shape []int
	Bytes int64 // size of the elements in their type

	OpaqueType string // the name of an opaque type in the file, else empty

	Layout Layout // how they are stored
	Stored int64  // size of what is stored: Bytes, or less when it is packed
}

// Type is the name of the type, as safetensors spells it.
func (i Info) Type() string { return i.as(i.DType).Type() }

// as describes the tensor as it is stored densely in type d; an opaque one stays so.
func (i Info) as(d tensor.DType) safetensors.Tensor {
	return safetensors.Tensor{Name: i.Name, DType: d, OpaqueType: i.OpaqueType, Shape: i.Shape, End: i.Bytes}
}

// Reader gives access to the tensors of a model folder. It is safe for concurrent use.
type Reader struct {
	layout layout
	index  *shardIndex // nil when the model is a single file
	shards []*shard
	infos  map[string]Info
	homes  map[string]*shard // where each tensor is
	names  []string
	files  map[string]fileState // of the folder, when it was opened
	sums   atomic.Pointer[Sums] // what tensors are compared with; nil: with nothing
}

// layout is one of the forms in which a folder holds weights.
type layout struct {
	file    string // the file that identifies it
	sharded bool   // file is an index
	torch   bool   // weights are PyTorch pickles
}

// shardSuffix is how the names of the weight files end.
func (l layout) shardSuffix() string {
	if l.torch {
		return ".bin"
	}
	return ".safetensors"
}

// layouts in the order in which they are looked for.
var layouts = []layout{
	{file: "model.safetensors"},
	{file: "model.safetensors.index.json", sharded: true},
	{file: "pytorch_model.bin", torch: true},
	{file: "pytorch_model.bin.index.json", sharded: true, torch: true},
}

// shard is one weight file, of either format.
type shard struct {
	file    string
	size    int64  // of the file, in bytes
	tensors []Info // in the order in which they are stored
	open    func(name string) (*io.SectionReader, error)
	close   func() error
	st      *safetensors.File // nil for a PyTorch file

	packed map[string]*packedTensor // tensors that are stored in parts
}

// Open reads the headers of the weights in a model folder: model.safetensors, or
// model.safetensors.index.json with its shards, or pytorch_model.bin, or
// pytorch_model.bin.index.json with its shards; the first that exists. Tensors that pruning.json
// lists as packed appear under their own names. Malformed files give a *FormatError.
func Open(fsys fs.FS) (*Reader, error) {
	for _, l := range layouts {
		_, err := fs.Stat(fsys, l.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return open(fsys, l)
	}
	// A missing folder and a folder without weights are different mistakes.
	if _, err := fs.Stat(fsys, "."); err != nil {
		return nil, err
	}
	var tried []string
	for _, l := range layouts {
		tried = append(tried, l.file)
	}
	return nil, fmt.Errorf("no weights found: looked for %s: %w", strings.Join(tried, ", "), fs.ErrNotExist)
}

func open(fsys fs.FS, l layout) (_ *Reader, err error) {
	r := &Reader{layout: l, infos: make(map[string]Info), homes: make(map[string]*shard)}
	r.noteFiles(fsys)
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	files := []string{l.file}
	if l.sharded {
		if r.index, err = readIndex(fsys, l.file, l.shardSuffix()); err != nil {
			return nil, err
		}
		files = r.index.shards()
	}
	for _, file := range files {
		s, err := openShard(fsys, file, l.torch)
		if err != nil {
			if l.sharded && errors.Is(err, fs.ErrNotExist) {
				return nil, &FormatError{File: l.file, Msg: fmt.Sprintf("shard %s in weight_map does not exist", blob.Quote(file)), Err: err}
			}
			return nil, err
		}
		r.shards = append(r.shards, s)
	}
	if r.index != nil {
		if err := r.index.check(l.file, r.shards); err != nil {
			return nil, err
		}
	}
	text, err := readPruning(fsys)
	if err != nil {
		return nil, err
	}
	entries, _, err := splitPruning(text)
	if err != nil {
		return nil, err
	}
	if err := r.fold(entries); err != nil {
		return nil, err
	}
	for _, s := range r.shards {
		for _, t := range s.tensors {
			r.infos[t.Name], r.homes[t.Name] = t, s
			r.names = append(r.names, t.Name)
		}
	}
	slices.Sort(r.names)
	return r, nil
}

func openShard(fsys fs.FS, file string, isTorch bool) (*shard, error) {
	info, err := fs.Stat(fsys, file)
	if err != nil {
		return nil, err
	}
	s := &shard{file: file, size: info.Size()}
	if isTorch {
		f, err := torch.Open(fsys, file)
		if err != nil {
			return nil, err
		}
		s.open, s.close = f.Section, f.Close
		for _, t := range f.Tensors() {
			n, _ := blob.Elements(t.Shape)
			size := n * int64(t.DType.Size())
			s.tensors = append(s.tensors, Info{Name: t.Name, File: file, DType: t.DType, Shape: t.Shape, Bytes: size, Layout: Dense, Stored: size})
		}
		return s, nil
	}
	f, err := safetensors.Open(fsys, file)
	if err != nil {
		return nil, err
	}
	s.st, s.open, s.close = f, f.Section, f.Close
	for _, t := range f.Tensors() {
		s.tensors = append(s.tensors, Info{
			Name: t.Name, File: file, DType: t.DType, OpaqueType: t.OpaqueType, Shape: t.Shape,
			Bytes: t.Bytes(), Layout: Dense, Stored: t.Bytes(),
		})
	}
	return s, nil
}

// Names lists all tensors, sorted.
func (r *Reader) Names() []string { return slices.Clone(r.names) }

// Info describes a tensor, from the headers alone.
func (r *Reader) Info(name string) (Info, bool) {
	i, ok := r.infos[name]
	i.Shape = slices.Clone(i.Shape)
	return i, ok
}

// Files lists the files the tensors come from, sorted; for a sharded model the index comes first.
func (r *Reader) Files() []string {
	var files []string
	if r.layout.sharded {
		files = append(files, r.layout.file)
	}
	for _, s := range r.shards {
		files = append(files, s.file)
	}
	return files
}

// Bytes returns the size of the weight files.
func (r *Reader) Bytes() int64 {
	var n int64
	for _, s := range r.shards {
		n += s.size
	}
	return n
}

// section gives access to the stored elements of a tensor, row-major and little endian.
func (s *shard) section(name string) (*io.SectionReader, error) {
	if t := s.packed[name]; t != nil {
		return t.section(s.read)
	}
	return s.open(name)
}

// Read returns a tensor in its stored shape, its elements widened to float32 (float64 and large
// integers are rounded to the nearest). One of an opaque type gives a *TypeError.
func (r *Reader) Read(name string) (t *tensor.Tensor, err error) {
	info, ok := r.infos[name]
	if ok && info.DType == tensor.Opaque {
		return nil, &TypeError{File: info.File, Tensor: name, Type: info.Type()}
	}
	err = r.whole(name, false, func(in *io.SectionReader) (err error) {
		if t, err = blob.Decode(in, info.DType, info.Shape); err != nil {
			return fmt.Errorf("read %s: tensor %s: %w", info.File, blob.Quote(name), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Raw returns a copy of the elements of a tensor in their stored type, row-major and little endian.
func (r *Reader) Raw(name string) (b []byte, err error) {
	err = r.whole(name, false, func(in *io.SectionReader) error {
		b = make([]byte, in.Size())
		if err := blob.ReadFull(in, b, 0); err != nil {
			return fmt.Errorf("read %s: tensor %s: %w", r.infos[name].File, blob.Quote(name), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Close releases the files. Reads fail afterwards.
func (r *Reader) Close() error {
	var errs []error
	for _, s := range r.shards {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
