package packed

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Bitmask is a matrix without its zeros: a bit per weight, and the weights whose bit is set.
type Bitmask struct {
	shape
	mask, values, offsets []byte
}

// MaskStride returns the bytes of a row of the mask: whole groups of 64 columns.
func MaskStride(in int) int { return roundUp(in, asm.PackedColumns) / 8 }

// NewBitmask returns the matrix [out, in] of type d with
//
//	mask     [out, MaskStride(in)]: bit j%8 of byte j/8 of a row is set if weight j is stored;
//	         the bits beyond in are clear
//	values   the stored weights, little endian, row by row
//	offsets  [out+1], uint64 little endian: which of the values is the first of the row; the last is
//	         their number
//
// all of which it keeps. What does not fit together is an error.
func NewBitmask(d tensor.DType, out, in int, mask, values, offsets []byte) (*Bitmask, error) {
	s, err := newShape(d, out, in)
	if err != nil {
		return nil, err
	}
	stride := MaskStride(in)
	if err := checkLength("mask", mask, out*stride); err != nil {
		return nil, err
	}
	if err := checkLength("offsets", offsets, 8*(out+1)); err != nil {
		return nil, err
	}
	m := &Bitmask{shape: s, mask: mask, values: values, offsets: offsets}
	next := uint64(0)
	for i := range out + 1 {
		if got := binary.LittleEndian.Uint64(offsets[8*i:]); got != next {
			return nil, fmt.Errorf("offset %d of row %d, want %d by the mask", got, i, next)
		}
		if i == out {
			break
		}
		row := mask[i*stride : (i+1)*stride]
		for j := 0; j < stride; j += 8 {
			word := binary.LittleEndian.Uint64(row[j:])
			if left := in - 8*j; left < 64 && word>>left != 0 {
				return nil, fmt.Errorf("mask of row %d has bits beyond column %d", i, in)
			}
			next += uint64(bits.OnesCount64(word))
		}
	}
	if err := checkLength("values", values, int(next)*d.Size()); err != nil {
		return nil, err
	}
	return m, nil
}

// PackBitmask packs the weights [out, in] of type d in dense.
func PackBitmask(d tensor.DType, out, in int, dense []byte) *Bitmask {
	s := mustShape("PackBitmask", d, out, in, dense)
	size, stride := d.Size(), MaskStride(in)
	m := &Bitmask{shape: s, mask: make([]byte, out*stride), offsets: make([]byte, 8*(out+1))}
	count := 0
	for i := range out {
		for j := range in {
			if !isZero(dense[(i*in+j)*size:], size) {
				m.mask[i*stride+j/8] |= 1 << (j % 8)
				count++
			}
		}
		binary.LittleEndian.PutUint64(m.offsets[8*(i+1):], uint64(count))
	}
	m.values = make([]byte, 0, count*size)
	for i := range out * in {
		if !isZero(dense[i*size:], size) {
			m.values = append(m.values, dense[i*size:(i+1)*size]...)
		}
	}
	return m
}

// isZero reports whether the first size bytes are zero: +0, which need not be stored.
func isZero(b []byte, size int) bool {
	if size == 2 {
		return b[0]|b[1] == 0
	}
	return binary.LittleEndian.Uint32(b) == 0
}

// Mask returns the bits, as [NewBitmask] takes them; the slice is the storage.
func (m *Bitmask) Mask() []byte { return m.mask }

// Values returns the stored weights, as [NewBitmask] takes them; the slice is the storage.
func (m *Bitmask) Values() []byte { return m.values }

// Offsets returns where the rows begin, as [NewBitmask] takes it; the slice is the storage.
func (m *Bitmask) Offsets() []byte { return m.offsets }

// Bytes returns the size of mask, values and offsets.
func (m *Bitmask) Bytes() int64 {
	return int64(len(m.mask)) + int64(len(m.values)) + int64(len(m.offsets))
}

// Sparsity returns the share of weights that are not stored.
func (m *Bitmask) Sparsity() float64 {
	if m.out*m.in == 0 {
		return math.NaN()
	}
	return 1 - float64(m.offset(m.out))/float64(m.out*m.in)
}

// offset returns which value is the first of row i.
func (m *Bitmask) offset(i int) int { return int(binary.LittleEndian.Uint64(m.offsets[8*i:])) }

// Unpack returns the weights [out, in] in their type.
func (m *Bitmask) Unpack() []byte {
	size, stride := m.dtype.Size(), MaskStride(m.in)
	dense := make([]byte, m.out*m.in*size)
	values := m.values
	for i := range m.out {
		row := m.mask[i*stride : (i+1)*stride]
		for j := 0; j < stride; j += 8 {
			for word := binary.LittleEndian.Uint64(row[j:]); word != 0; word &= word - 1 {
				column := 8*j + bits.TrailingZeros64(word)
				copy(dense[(i*m.in+column)*size:], values[:size])
				values = values[size:]
			}
		}
	}
	return dense
}

// Dense returns the weights as float32.
func (m *Bitmask) Dense() *tensor.Tensor { return m.dense(m.Unpack()) }

// MulNTInto sets dst [n, out] = x [n, in]·Wᵀ.
func (m *Bitmask) MulNTInto(dst, x *tensor.Tensor) {
	p := product{shape: &m.shape, layout: m, masked: m, rowBytes: int(m.Bytes()) / max(1, m.out), density: 1 - m.Sparsity()}
	p.into("packed.Bitmask", dst, x)
}

// MulNTInPanels is MulNTInto by the stored weights and no others, whatever the number of tokens, with the inputs
// packed in the memory of panels. A sum's order depends on the number of columns alone.
func (m *Bitmask) MulNTInPanels(panels *asm.Panels, dst, x *tensor.Tensor) {
	tensor.CheckShape("packed.Bitmask", x, tensor.AnyDim, m.in)
	tensor.CheckShape("packed.Bitmask", dst, x.Dim(0), m.out)
	product{shape: &m.shape, layout: m, masked: m}.sparse(panels, x.Dim(0), dst.Data(), x.Data())
}

func (m *Bitmask) multiply(lo, hi int, v *vectors) {
	asm.BitmaskRows(m.rows(lo, hi), &v.x, v.rows(lo, hi))
}

func (m *Bitmask) widen(lo, hi int, w []float32) { asm.BitmaskWiden(m.rows(lo, hi), w) }

// rows returns what belongs to the rows lo to hi-1.
func (m *Bitmask) rows(lo, hi int) asm.BitmaskWeights {
	stride := MaskStride(m.in)
	return asm.BitmaskWeights{Format: m.format, Rows: hi - lo, Cols: m.in,
		Mask: m.mask[lo*stride : hi*stride], Values: m.values, Offsets: m.offsets[8*lo : 8*(hi+1)]}
}
