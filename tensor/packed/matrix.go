package packed

import (
	"fmt"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Matrix is a matrix of weights [out, in] in some layout.
type Matrix interface {
	// Shape returns the number of rows and columns.
	Shape() (out, in int)
	// DType returns the type of the stored weights: F32, F16 or BF16.
	DType() tensor.DType
	// Bytes returns the size of everything that is stored.
	Bytes() int64
	// MulNTInto sets dst [n, out] = x [n, in]·Wᵀ. dst must not share storage with x.
	MulNTInto(dst, x *tensor.Tensor)
	// RowInto sets dst [in] to row i as float32.
	RowInto(dst []float32, i int)
	// Dense returns the weights as float32.
	Dense() *tensor.Tensor
	// Unpack returns the weights in their type, row by row, as they were before packing.
	Unpack() []byte
}

// shape is what all layouts have.
type shape struct {
	out, in int
	dtype   tensor.DType
	format  asm.Format
}

// Shape returns the number of rows and columns.
func (s *shape) Shape() (out, in int) { return s.out, s.in }

// DType returns the type of the stored weights.
func (s *shape) DType() tensor.DType { return s.dtype }

// maxSide bounds the sides of a matrix from a file, so that no product of sizes overflows.
const maxSide = 1 << 28

func newShape(d tensor.DType, out, in int) (shape, error) {
	s := shape{out: out, in: in, dtype: d}
	switch d {
	case tensor.F32:
		s.format = asm.Float32
	case tensor.F16:
		s.format = asm.Float16
	case tensor.BF16:
		s.format = asm.BFloat16
	default:
		return s, fmt.Errorf("packed weights of type %v, want F32, F16 or BF16", d)
	}
	if out < 0 || in < 0 || out > maxSide || in > maxSide {
		return s, fmt.Errorf("packed weights of shape [%d %d], want sides from 0 to %d", out, in, maxSide)
	}
	return s, nil
}

// mustShape is newShape for callers in this program.
func mustShape(op string, d tensor.DType, out, in int, dense []byte) shape {
	s, err := newShape(d, out, in)
	if err == nil {
		err = checkLength("weights", dense, out*in*d.Size())
	}
	if err != nil {
		panic(&tensor.ShapeError{Op: op, Got: []int{out, in}, Msg: err.Error()})
	}
	return s
}

func checkLength(what string, data []byte, want int) error {
	if len(data) != want {
		return fmt.Errorf("%s of %d bytes, want %d", what, len(data), want)
	}
	return nil
}

// dense widens the bytes that unpack returns.
func (s *shape) dense(data []byte) *tensor.Tensor {
	t := tensor.New(s.out, s.in)
	if err := tensor.Decode(t.Data(), data, s.dtype); err != nil {
		panic("packed: " + err.Error()) // the length was checked when the matrix was made
	}
	return t
}
