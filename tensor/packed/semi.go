package packed

import (
	"encoding/binary"
	"fmt"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Semi is a matrix of which at most two in every four neighbours of a row are not zero.
type Semi struct {
	shape
	indices, values []byte
}

// SemiStride returns the bytes of a row of indices: four bits for each group of four columns.
func SemiStride(in int) int { return (in + 7) / 8 }

// NewSemi returns the matrix [out, in] of type d, in being a multiple of four, with
//
//	indices  [out, SemiStride(in)]: of group g of four columns, in the low (g even) or high (g odd)
//	         half of byte g/2, the places 0 to 3 of the two stored weights, the first in the lower
//	         two bits, in ascending order; an unused half is zero
//	values   [out, in/2]: the stored weights, little endian
//
// both of which it keeps. What does not fit together is an error.
func NewSemi(d tensor.DType, out, in int, indices, values []byte) (*Semi, error) {
	s, err := newShape(d, out, in)
	if err != nil {
		return nil, err
	}
	if in%4 != 0 {
		return nil, fmt.Errorf("2:4 weights with %d columns, want a multiple of 4", in)
	}
	stride := SemiStride(in)
	if err := checkLength("indices", indices, out*stride); err != nil {
		return nil, err
	}
	if err := checkLength("values", values, out*in/2*d.Size()); err != nil {
		return nil, err
	}
	for i := range out {
		row := indices[i*stride : (i+1)*stride]
		for g := range in / 4 {
			if pair := row[g/2] >> (g % 2 * 4) & 15; pair&3 >= pair>>2 {
				return nil, fmt.Errorf("places %d and %d in group %d of row %d, want ascending ones", pair&3, pair>>2, g, i)
			}
		}
		if in%8 != 0 && row[stride-1]>>4 != 0 {
			return nil, fmt.Errorf("indices of row %d go beyond column %d", i, in)
		}
	}
	return &Semi{shape: s, indices: indices, values: values}, nil
}

// PackSemi packs the weights [out, in] of type d in dense. It returns false if some group of four has
// more than two weights that are not zero, or in is no multiple of four.
func PackSemi(d tensor.DType, out, in int, dense []byte) (*Semi, bool) {
	s := mustShape("PackSemi", d, out, in, dense)
	if in%4 != 0 {
		return nil, false
	}
	size, stride := d.Size(), SemiStride(in)
	m := &Semi{shape: s, indices: make([]byte, out*stride), values: make([]byte, 0, out*in/2*size)}
	for i := range out {
		for g := range in / 4 {
			group := dense[(i*in+4*g)*size:][:4*size]
			var place [4]int
			count := 0
			for j := range 4 {
				if !isZero(group[j*size:], size) {
					place[count] = j
					count++
				}
			}
			switch {
			case count > 2:
				return nil, false
			case count == 0:
				place[1] = 1
			case count == 1 && place[0] == 3:
				place[0], place[1] = 2, 3
			case count == 1:
				place[1] = 3
			}
			m.indices[i*stride+g/2] |= byte(place[0]|place[1]<<2) << (g % 2 * 4)
			for _, j := range place[:2] {
				m.values = append(m.values, group[j*size:(j+1)*size]...)
			}
		}
	}
	return m, true
}

// Indices returns the places, as [NewSemi] takes them; the slice is the storage.
func (m *Semi) Indices() []byte { return m.indices }

// Values returns the stored weights, as [NewSemi] takes them; the slice is the storage.
func (m *Semi) Values() []byte { return m.values }

// Bytes returns the size of indices and values.
func (m *Semi) Bytes() int64 { return int64(len(m.indices)) + int64(len(m.values)) }

// Unpack returns the weights [out, in] in their type.
func (m *Semi) Unpack() []byte {
	size, stride := m.dtype.Size(), SemiStride(m.in)
	dense := make([]byte, m.out*m.in*size)
	values := m.values
	for i := range m.out {
		for g := range m.in / 4 {
			pair := int(m.indices[i*stride+g/2] >> (g % 2 * 4) & 15)
			at := dense[(i*m.in+4*g)*size:]
			copy(at[pair&3*size:], values[:size])
			copy(at[pair>>2*size:], values[size:2*size])
			values = values[2*size:]
		}
	}
	return dense
}

// Dense returns the weights as float32.
func (m *Semi) Dense() *tensor.Tensor { return m.dense(m.Unpack()) }

// MulNTInto sets dst [n, out] = x [n, in]·Wᵀ.
func (m *Semi) MulNTInto(dst, x *tensor.Tensor) {
	p := product{shape: &m.shape, layout: m, rowBytes: SemiStride(m.in) + m.rowValues(), density: 0.5}
	if m.rowValues()%wayBytes != 0 {
		p.masked = m
	}
	p.into("packed.Semi", dst, x)
}

// wayBytes is how far apart addresses are that share a set of a first-level cache. Panels go down the
// rows, 64 columns at a time, which is slower than a dense product if the values of all rows do.
const wayBytes = 4096

// rowValues returns the bytes of the values of a row.
func (m *Semi) rowValues() int { return m.in / 2 * m.dtype.Size() }

func (m *Semi) multiply(lo, hi int, v *vectors) {
	stride, row := SemiStride(m.in), m.rowValues()
	w := asm.SemiWeights{Format: m.format, Rows: hi - lo, Cols: m.in,
		Indices: m.indices[lo*stride : hi*stride], Values: m.values[lo*row : hi*row]}
	asm.SemiRows(w, &v.x, v.rows(lo, hi))
}

func (m *Semi) widen(lo, hi int, w []float32) { asm.BitmaskWiden(m.rows(lo, hi), w) }

// pairBits are the bits of the columns of two groups of four, by the byte of their places.
var pairBits = func() (table [256]byte) {
	for b := range table {
		table[b] = 1<<(b&3) | 1<<(b>>2&3) | 16<<(b>>4&3) | 16<<(b>>6&3)
	}
	return table
}()

// rows returns the rows lo to hi-1 as a bit mask has them, with all values that are stored, zero or not.
func (m *Semi) rows(lo, hi int) asm.BitmaskWeights {
	stride, from := MaskStride(m.in), SemiStride(m.in)
	mask, offsets := make([]byte, (hi-lo)*stride), make([]byte, 0, 8*(hi-lo+1))
	for i := range hi - lo {
		row := mask[i*stride:][:from]
		for j, b := range m.indices[(lo+i)*from:][:from] {
			row[j] = pairBits[b]
		}
		if m.in%8 != 0 {
			row[from-1] &= 15
		}
	}
	for i := range hi - lo + 1 {
		offsets = binary.LittleEndian.AppendUint64(offsets, uint64((lo+i)*m.in/2))
	}
	return asm.BitmaskWeights{Format: m.format, Rows: hi - lo, Cols: m.in, Mask: mask, Values: m.values, Offsets: offsets}
}
