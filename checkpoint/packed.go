package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// Layout is a form in which a matrix is stored.
type Layout string

const (
	// Dense: every weight, as one tensor.
	Dense Layout = "dense"
	// Bitmask: of a matrix NAME [out, in] the tensors
	//
	//	NAME.mask     U8 [out, ⌈in/64⌉·8]: bit j%8 of byte j/8 of a row says whether weight j is stored
	//	NAME.values   the stored weights, row by row
	//	NAME.offsets  I32, or I64 for 2³¹ values and more, [out+1]: which value is the first of a row
	Bitmask Layout = "bitmask"
	// Semi: of a matrix NAME [out, in] with at most two weights in every four neighbours that are not
	// zero the tensors
	//
	//	NAME.indices  U8 [out, ⌈in/8⌉]: four bits per group, the places of its two weights
	//	NAME.values   [out, in/2], the stored weights
	Semi Layout = "2:4"
)

// Suffixes of the names of the parts.
const (
	maskPart    = ".mask"
	valuesPart  = ".values"
	offsetsPart = ".offsets"
	indicesPart = ".indices"
)

// packedTensor is a matrix that is stored in parts. Its Info is the one of the matrix.
type packedTensor struct {
	Info
	parts map[string]Info // by suffix
}

// fold makes the parts that pruning.json lists appear as the tensors they stand for.
func (r *Reader) fold(entries []packedEntry) error {
	if len(entries) == 0 {
		return nil
	}
	f := &partFinder{stored: make(map[string]Info), home: make(map[string]*shard), owner: make(map[string]*packedTensor)}
	for _, s := range r.shards {
		for _, t := range s.tensors {
			f.stored[t.Name], f.home[t.Name] = t, s
		}
	}
	for _, e := range entries {
		if err := f.add(e); err != nil {
			return err
		}
	}
	for _, s := range r.shards {
		kept, placed := s.tensors[:0:0], make(map[string]*packedTensor)
		for _, x := range s.tensors {
			t := f.owner[x.Name]
			if t == nil {
				kept = append(kept, x)
			} else if placed[t.Name] == nil {
				kept, placed[t.Name] = append(kept, t.Info), t
			}
		}
		s.tensors, s.packed = kept, placed
	}
	return nil
}

// partFinder finds the parts of packed tensors.
type partFinder struct {
	stored map[string]Info // tensors in the files that are no parts so far
	home   map[string]*shard
	owner  map[string]*packedTensor // what a part belongs to
}

// add finds the parts of one entry and checks their headers.
func (f *partFinder) add(e packedEntry) error {
	file := pruningFile
	fail := func(format string, args ...any) error {
		return &FormatError{File: file, Tensor: e.Name, Msg: fmt.Sprintf(format, args...)}
	}
	d, err := tensor.ParseDType(e.DType)
	if err != nil || !packable(d) {
		return fail("packed weights of type %s, want F32, F16 or BF16", blob.Quote(e.DType))
	}
	if len(e.Shape) != 2 || e.Shape[0] < 1 || e.Shape[1] < 1 {
		return fail("packed weights of shape %v, want two positive sides", e.Shape)
	}
	n, ok := blob.Elements(e.Shape)
	if !ok {
		return fail("packed weights of shape %v are too large", e.Shape)
	}
	wanted, err := partShapes(e.Layout, d, e.Shape[0], e.Shape[1])
	if err != nil {
		return fail("%v", err)
	}
	if _, ok := f.stored[e.Name]; ok {
		return fail("is packed, and stored dense as well")
	}
	s := f.home[e.Name+valuesPart]
	if s == nil || s.st == nil {
		return fail("is packed, but no safetensors file has %s", blob.Quote(e.Name+valuesPart))
	}
	file = s.file
	t := &packedTensor{
		Info:  Info{Name: e.Name, File: s.file, DType: d, Shape: e.Shape, Bytes: n * int64(d.Size()), Layout: e.Layout},
		parts: make(map[string]Info),
	}
	for _, w := range wanted {
		p, ok := f.stored[e.Name+w.suffix]
		if !ok || f.home[p.Name] != s {
			return fail("is packed as %s, but %s is not there", e.Layout, blob.Quote(e.Name+w.suffix))
		}
		if !slices.Contains(w.types, p.DType) || !w.fits(p.Shape) {
			return fail("%s is %v %v, want %v %s", blob.Quote(p.Name), p.DType, p.Shape, w.types[0], w)
		}
		t.parts[w.suffix] = p
		t.Stored += p.Bytes
		f.owner[p.Name] = t
		delete(f.stored, p.Name)
	}
	return nil
}

// partShape is what a part must look like; a negative length fits any.
type partShape struct {
	suffix string
	types  []tensor.DType
	shape  []int
}

func (w partShape) fits(shape []int) bool {
	return slices.EqualFunc(shape, w.shape, func(got, want int) bool { return got == want || want < 0 })
}

// String shows the shape, with a star for any length.
func (w partShape) String() string {
	if w.shape[0] < 0 {
		return "[*]"
	}
	return fmt.Sprint(w.shape)
}

// partShapes lists the parts of a matrix of type d.
func partShapes(l Layout, d tensor.DType, out, in int) ([]partShape, error) {
	switch l {
	case Bitmask:
		return []partShape{
			{maskPart, []tensor.DType{tensor.U8}, []int{out, packed.MaskStride(in)}},
			{valuesPart, []tensor.DType{d}, []int{-1}},
			{offsetsPart, []tensor.DType{tensor.I32, tensor.I64}, []int{out + 1}},
		}, nil
	case Semi:
		return []partShape{
			{indicesPart, []tensor.DType{tensor.U8}, []int{out, packed.SemiStride(in)}},
			{valuesPart, []tensor.DType{d}, []int{out, in / 2}},
		}, nil
	}
	return nil, fmt.Errorf("unknown layout %s, want %s or %s", blob.Quote(string(l)), Bitmask, Semi)
}

// packable reports whether matrices of a type can be stored without their zeros.
func packable(d tensor.DType) bool { return d == tensor.F32 || d == tensor.F16 || d == tensor.BF16 }

// matrix assembles the parts, which read returns, and checks that they fit together.
func (t *packedTensor) matrix(read func(part string) ([]byte, error)) (packed.Matrix, error) {
	part := make(map[string][]byte, len(t.parts))
	for suffix, p := range t.parts {
		b, err := read(p.Name)
		if err != nil {
			return nil, err
		}
		part[suffix] = b
	}
	var m packed.Matrix
	var err error
	if t.Layout == Semi {
		m, err = packed.NewSemi(t.DType, t.Shape[0], t.Shape[1], part[indicesPart], part[valuesPart])
	} else {
		offsets := part[offsetsPart]
		if t.parts[offsetsPart].DType == tensor.I32 {
			offsets = widenOffsets(offsets)
		}
		m, err = packed.NewBitmask(t.DType, t.Shape[0], t.Shape[1], part[maskPart], part[valuesPart], offsets)
	}
	if err != nil {
		return nil, &FormatError{File: t.File, Tensor: t.Name, Err: err}
	}
	return m, nil
}

// section gives access to the weights as if they were stored dense.
func (t *packedTensor) section(read func(part string) ([]byte, error)) (*io.SectionReader, error) {
	m, err := t.matrix(read)
	if err != nil {
		return nil, err
	}
	b := m.Unpack()
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), nil
}

// read returns a copy of the elements of a tensor of the file.
func (s *shard) read(name string) ([]byte, error) { return s.readPart(name, 0, -1) }

// readPart is a getter that copies.
func (s *shard) readPart(name string, from, to int64) ([]byte, error) {
	in, err := s.open(name)
	if err != nil {
		return nil, err
	}
	if to < 0 {
		to = in.Size()
	}
	if to > in.Size() {
		return nil, fmt.Errorf("read %s: tensor %s has %d bytes, want %d", s.file, blob.Quote(name), in.Size(), to)
	}
	b := make([]byte, to-from)
	if err := blob.ReadFull(in, b, from); err != nil {
		return nil, fmt.Errorf("read %s: tensor %s: %w", s.file, blob.Quote(name), err)
	}
	return b, nil
}

// view is a getter that returns the mapping of the file where there is one.
func (s *shard) view(name string, from, to int64) ([]byte, error) {
	if s.st == nil {
		return s.readPart(name, from, to) // a tensor of a PyTorch file may have its elements in any order
	}
	b, err := s.st.View(name)
	if err != nil || to < 0 {
		return b, err
	}
	if to > int64(len(b)) {
		return nil, fmt.Errorf("read %s: tensor %s has %d bytes, want %d", s.file, blob.Quote(name), len(b), to)
	}
	return b[from:to:to], nil
}

// widenOffsets turns I32 into I64.
func widenOffsets(b []byte) []byte {
	wide := make([]byte, 2*len(b))
	for i := range len(b) / 4 {
		binary.LittleEndian.PutUint64(wide[8*i:], uint64(int64(int32(binary.LittleEndian.Uint32(b[4*i:])))))
	}
	return wide
}

// narrowOffsets turns I64 into I32, and says whether the last of them, which is the largest, fits.
func narrowOffsets(b []byte) ([]byte, bool) {
	if binary.LittleEndian.Uint64(b[len(b)-8:]) > math.MaxInt32 {
		return b, false
	}
	narrow := make([]byte, len(b)/2)
	for i := range len(b) / 8 {
		copy(narrow[4*i:4*i+4], b[8*i:])
	}
	return narrow, true
}
