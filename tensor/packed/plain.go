package packed

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Plain is a matrix with every weight stored, row by row.
type Plain struct {
	shape
	data []byte
}

// NewPlain returns the matrix [out, in] of type d in data, which it keeps.
func NewPlain(d tensor.DType, out, in int, data []byte) (*Plain, error) {
	s, err := newShape(d, out, in)
	if err != nil {
		return nil, err
	}
	if err := checkLength("weights", data, out*in*d.Size()); err != nil {
		return nil, err
	}
	return &Plain{shape: s, data: data}, nil
}

// Bytes returns the size of the weights.
func (m *Plain) Bytes() int64 { return int64(len(m.data)) }

// Data returns the weights. The slice is the storage, not a copy.
func (m *Plain) Data() []byte { return m.data }

// Unpack returns the weights themselves, not a copy.
func (m *Plain) Unpack() []byte { return m.data }

// Dense returns the weights as float32.
func (m *Plain) Dense() *tensor.Tensor { return m.dense(m.data) }

// MulNTInto sets dst [n, out] = x [n, in]·Wᵀ.
func (m *Plain) MulNTInto(dst, x *tensor.Tensor) {
	product{shape: &m.shape, layout: m, rowBytes: m.rowBytes()}.into("packed.Plain", dst, x)
}

func (m *Plain) rowBytes() int { return m.in * m.dtype.Size() }

func (m *Plain) multiply(lo, hi int, v *vectors) {
	w := asm.PlainWeights{Format: m.format, Rows: hi - lo, Cols: m.in, Data: m.data[lo*m.rowBytes() : hi*m.rowBytes()]}
	asm.PlainRows(w, v.x.Part(0, 0, v.x.Rows, m.in), v.rows(lo, hi))
}

func (m *Plain) widen(lo, hi int, w []float32) {
	asm.Widen(m.format, w, m.data[lo*m.rowBytes():hi*m.rowBytes()])
}
