package checkpoint

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"slices"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// PackOptions changes what a Packer stores.
type PackOptions struct {
	// Layout limits the choice: Dense unpacks everything, Bitmask and Semi are used where they are
	// smaller than dense. Empty, the smallest of all is taken for each matrix, and dense as long as a
	// bitmask would slow its products down.
	Layout Layout
	// DType is as in WriterOptions.
	DType *tensor.DType
	// Force is as in WriterOptions.
	Force bool
	// Log is as in WriterOptions.
	Log *slog.Logger
	// Progress is called after each tensor that was looked at or written, of total. May be nil.
	Progress func(done, total int)
}

// PackedMatrix says how a Packer stores a matrix.
type PackedMatrix struct {
	Name   string
	Shape  []int
	DType  tensor.DType // of the output
	Layout Layout
	Zeros  int   // weights that are +0, which packed layouts leave out
	Dense  int64 // size as a dense tensor of this type
	Stored int64 // size as it is stored
}

// Packer writes a copy of a model folder in which matrices are stored without their zeros, or are
// dense again. Values are kept to the bit. It holds one tensor in memory at a time.
type Packer struct {
	*Writer
	options  PackOptions
	matrices []PackedMatrix
	done     int
}

// NewPacker looks at every matrix of src, chooses how to store it, and prepares the output folder as
// NewWriter does. Write and Commit complete it, Abort gives it up.
func NewPacker(ctx context.Context, dir string, src *Reader, srcFS fs.FS, o PackOptions) (*Packer, error) {
	if !slices.Contains([]Layout{"", Dense, Bitmask, Semi}, o.Layout) {
		return nil, fmt.Errorf("unknown layout %s, want %s, %s or %s", blob.Quote(string(o.Layout)), Bitmask, Semi, Dense)
	}
	p := &Packer{options: o}
	w := WriterOptions{DType: o.DType, Force: o.Force, Log: o.Log}
	src.watch() // what is chosen now must still be right when it is written
	if err := p.chooseAll(ctx, src); err != nil {
		return nil, err
	}
	if err := src.SumAll(ctx, nil); err != nil { // what is no matrix
		return nil, err
	}
	chosen := make(map[string]PackedMatrix)
	for _, m := range p.matrices {
		chosen[m.Name] = m
	}
	p.done = len(src.names) // of two passes
	var err error
	p.Writer, err = startWriter(dir, src, srcFS, w, func(i Info) []safetensors.Tensor {
		if m, ok := chosen[i.Name]; ok && m.Layout != Dense {
			return m.parts()
		}
		return []safetensors.Tensor{i.as(w.dtype(i))}
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Packing says how a Packer would store the matrices of src, in the order of the files.
func Packing(ctx context.Context, src *Reader, o PackOptions) ([]PackedMatrix, error) {
	p := &Packer{options: o}
	err := p.chooseAll(ctx, src)
	return p.matrices, err
}

// chooseAll finds the layouts of all matrices.
func (p *Packer) chooseAll(ctx context.Context, src *Reader) error {
	w := WriterOptions{DType: p.options.DType}
	for _, s := range src.shards {
		for _, info := range s.tensors {
			if err := ctx.Err(); err != nil {
				return err
			}
			d := w.dtype(info)
			if len(info.Shape) != 2 || !packable(info.DType) || !packable(d) {
				continue
			}
			m, err := p.choose(src, info, d)
			if err != nil {
				return err
			}
			p.matrices = append(p.matrices, m)
			p.progress(src)
		}
	}
	return nil
}

// Matrices lists the matrices of the model in the order of the files.
func (p *Packer) Matrices() []PackedMatrix { return slices.Clone(p.matrices) }

// Bytes returns the size of the weight files of the output.
func (p *Packer) Bytes() int64 {
	var n int64
	for _, s := range p.shards {
		n += s.size
	}
	return n
}

func (p *Packer) progress(src *Reader) {
	p.done++
	if p.options.Progress != nil {
		p.options.Progress(min(p.done, 2*len(src.names)), 2*len(src.names))
	}
}

// Write stores the packed matrices. What stays dense is left to Commit.
func (p *Packer) Write(ctx context.Context) error {
	var entries []packedEntry
	for _, m := range p.matrices {
		if err := ctx.Err(); err != nil {
			return err
		}
		if m.Layout != Dense {
			if err := p.write(m); err != nil {
				return err
			}
			entries = append(entries, packedEntry{Name: m.Name, Layout: m.Layout, DType: m.DType.String(), Shape: m.Shape})
		}
		p.progress(p.src)
	}
	if len(entries) == 0 {
		return nil
	}
	text, err := readPruning(p.srcFS)
	if err != nil {
		return err
	}
	if _, text, err = splitPruning(text); err != nil {
		return err
	}
	if text, err = joinPruning(text, entries); err != nil {
		return err
	}
	return p.PutFile(pruningFile, text)
}

// choose finds the layout of a matrix.
func (p *Packer) choose(src *Reader, info Info, d tensor.DType) (PackedMatrix, error) {
	dense, err := rawAs(src, info, d)
	if err != nil {
		return PackedMatrix{}, err
	}
	m := PackedMatrix{Name: info.Name, Shape: info.Shape, DType: d, Layout: Dense, Dense: int64(len(dense)), Stored: int64(len(dense))}
	n := info.Shape[0] * info.Shape[1]
	var semi bool
	m.Zeros, semi = scanZeros(dense, d.Size(), info.Shape[1])
	want := p.options.Layout
	if n == 0 || want == Dense {
		return m, nil
	}
	try := func(l Layout) {
		c := m
		c.Layout, c.Stored = l, 0
		for _, t := range c.parts() {
			elements, _ := blob.Elements(t.Shape)
			c.Stored += elements * int64(t.DType.Size())
		}
		if c.Stored < m.Stored {
			m = c
		}
	}
	if want == Bitmask || want == "" && float64(m.Zeros) >= packed.BreakEven(d)*float64(n) {
		try(Bitmask)
	}
	if semi && want != Bitmask {
		try(Semi)
	}
	return m, nil
}

// parts lists the tensors that a packed matrix is stored as.
func (m *PackedMatrix) parts() []safetensors.Tensor {
	out, in := m.Shape[0], m.Shape[1]
	kept := out*in - m.Zeros
	wanted, err := partShapes(m.Layout, m.DType, out, in)
	if err != nil {
		panic("checkpoint: " + err.Error()) // it was chosen from those there are
	}
	parts := make([]safetensors.Tensor, len(wanted))
	for i, w := range wanted {
		t := safetensors.Tensor{Name: m.Name + w.suffix, DType: w.types[0], Shape: w.shape}
		switch {
		case w.suffix == offsetsPart && kept > math.MaxInt32:
			t.DType = tensor.I64
		case w.shape[0] < 0:
			t.Shape = []int{kept}
		}
		parts[i] = t
	}
	return parts
}

// write packs one matrix and stores its parts.
func (p *Packer) write(m PackedMatrix) error {
	info, _ := p.src.Info(m.Name)
	dense, err := rawAs(p.src, info, m.DType)
	if err != nil {
		return err
	}
	data := make(map[string][]byte)
	if m.Layout == Semi {
		s, ok := packed.PackSemi(m.DType, m.Shape[0], m.Shape[1], dense)
		if !ok {
			return fmt.Errorf("tensor %s is not 2:4 any more: the file has changed", blob.Quote(m.Name))
		}
		data[indicesPart], data[valuesPart] = s.Indices(), s.Values()
	} else {
		b := packed.PackBitmask(m.DType, m.Shape[0], m.Shape[1], dense)
		data[maskPart], data[valuesPart] = b.Mask(), b.Values()
		data[offsetsPart], _ = narrowOffsets(b.Offsets())
	}
	for _, part := range []string{maskPart, indicesPart, valuesPart, offsetsPart} {
		if b, ok := data[part]; ok {
			if err := p.PutRaw(m.Name+part, b); err != nil {
				return p.fail(fmt.Errorf("%w: has the input changed?", err))
			}
		}
	}
	return nil
}

// rawAs returns the elements of a tensor in type d.
func rawAs(src *Reader, info Info, d tensor.DType) ([]byte, error) {
	if d == info.DType {
		return src.Raw(info.Name)
	}
	t, err := src.Read(info.Name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(t.Len() * d.Size())
	out := &checkedWriter{slot: &slot{info: info, dtype: d}, values: t.Data(), w: &b}
	if err := safetensors.EncodeTo(out, t.Data(), d); err != nil {
		return nil, fmt.Errorf("convert to %v: %w", d, err)
	}
	return b.Bytes(), nil
}

// scanZeros counts the weights of size bytes that are +0, and says whether each group of four columns
// has two of them at least.
func scanZeros(dense []byte, size, columns int) (zeros int, semi bool) {
	semi = columns%4 == 0
	for group := 0; group < len(dense); group += 4 * size {
		n := 0
		for at := group; at < min(group+4*size, len(dense)); at += size {
			if size == 2 && binary.LittleEndian.Uint16(dense[at:]) == 0 || size == 4 && binary.LittleEndian.Uint32(dense[at:]) == 0 {
				n++
			}
		}
		zeros += n
		semi = semi && n >= 2
	}
	return zeros, semi
}
