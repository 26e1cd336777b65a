package blob

import (
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/adagp/adagp/tensor"
)

// MaxRank is the largest number of dimensions accepted from a file; PyTorch's own limit.
const MaxRank = 64

// chunk is the number of bytes moved at a time: a multiple of every element size, large enough for
// the copy to run at memory speed, small beside a weight matrix.
const chunk = 1 << 20

// Elements is the number of elements of a shape, false when a dimension is negative or the elements
// would not fit the address space in any type. Zero dimensions do not excuse the others: their
// product must be sound too, since tensors are made from the shape.
func Elements(shape []int) (int64, bool) {
	const widest = 8
	n, empty := uint64(1), false
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt/widest {
			return 0, false
		}
		n = lo
	}
	if empty {
		n = 0
	}
	return int64(n), true
}

// Decode reads r, which holds exactly the elements of shape in type d, into a new float32 tensor.
func Decode(r *io.SectionReader, d tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, ok := Elements(shape)
	if !ok || n*int64(d.Size()) != r.Size() {
		return nil, fmt.Errorf("shape %v of %v does not fit %d bytes", shape, d, r.Size())
	}
	t := tensor.New(shape...)
	dst := t.Data()
	buf := make([]byte, min(r.Size(), chunk))
	for off := int64(0); off < r.Size(); {
		part := buf[:min(r.Size()-off, int64(len(buf)))]
		if err := ReadFull(r, part, off); err != nil {
			return nil, err
		}
		count := len(part) / d.Size()
		if err := tensor.Decode(dst[:count], part, d); err != nil {
			return nil, err
		}
		dst = dst[count:]
		off += int64(len(part))
	}
	return t, nil
}

// ReadFull fills p from offset off of r. A source that ends early is io.ErrUnexpectedEOF. It reads a
// piece at a time, so that of a mapped file never more than that is in memory beside the copy.
func ReadFull(r io.ReaderAt, p []byte, off int64) error {
	for len(p) > chunk {
		if err := readFull(r, p[:chunk], off); err != nil {
			return err
		}
		p, off = p[chunk:], off+chunk
	}
	return readFull(r, p, off)
}

func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == io.EOF || err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
