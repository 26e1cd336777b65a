package torch

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// place is where the elements of a tensor lie: element (i, j, …) is number
// offset + i·steps[0] + j·steps[1] + … of the data.
type place struct {
	data   *io.SectionReader // of the storage
	dtype  tensor.DType
	shape  []int
	steps  []int
	offset int64
	count  int64 // elements of the tensor
	span   int64 // elements from the first to the last in the data, both included
}

// newPlace checks that all elements of t lie inside its storage.
func newPlace(t *strided, sources map[*storage]*io.SectionReader) (*place, error) {
	root, shift := t.storage.root()
	p := &place{data: sources[root], dtype: root.dtype, shape: t.shape, steps: t.steps}
	if len(t.shape) != len(t.steps) {
		return nil, fmt.Errorf("size %v with stride %v", t.shape, t.steps)
	}
	count, ok := blob.Elements(t.shape)
	if !ok {
		return nil, fmt.Errorf("size %v is too large", t.shape)
	}
	have := int64(t.storage.count)
	if count > have {
		// Expanded tensors (stride 0) could be any size; weights never are.
		return nil, fmt.Errorf("size %v has more elements than the %d of its storage", t.shape, have)
	}
	p.count = count
	if count == 0 {
		return p, nil
	}
	last := uint64(0)
	for i, d := range t.shape {
		hi, lo := bits.Mul64(uint64(d-1), uint64(t.steps[i]))
		if last += lo; hi != 0 || last < lo || last >= uint64(have) {
			return nil, fmt.Errorf("size %v with stride %v leaves the %d elements of its storage", t.shape, t.steps, have)
		}
	}
	if int64(t.offset) > have-1-int64(last) {
		return nil, fmt.Errorf("size %v with stride %v from offset %d leaves the %d elements of its storage", t.shape, t.steps, t.offset, have)
	}
	p.offset, p.span = int64(shift)+int64(t.offset), int64(last)+1
	return p, nil
}

// contiguous reports whether the elements lie in row-major order without gaps.
func (p *place) contiguous() bool {
	step := 1
	for i := len(p.shape) - 1; i >= 0; i-- {
		if p.shape[i] != 1 && p.steps[i] != step {
			return false
		}
		step *= p.shape[i]
	}
	return true
}

// section gives the elements in row-major order: in place when they lie so, gathered in memory when
// not.
func (p *place) section() (*io.SectionReader, error) {
	size := int64(p.dtype.Size())
	if p.count == 0 {
		return io.NewSectionReader(bytes.NewReader(nil), 0, 0), nil
	}
	s := io.NewSectionReader(p.data, p.offset*size, p.span*size)
	if p.contiguous() {
		return s, nil
	}
	from := make([]byte, p.span*size)
	if err := blob.ReadFull(s, from, 0); err != nil {
		return nil, err
	}
	to := make([]byte, p.count*size)
	p.gather(to, from)
	return io.NewSectionReader(bytes.NewReader(to), 0, int64(len(to))), nil
}

// gather copies the elements to their row-major order: rows along the last dimension, the index of
// the others counted up like an odometer.
func (p *place) gather(to, from []byte) {
	size := p.dtype.Size()
	last := len(p.shape) - 1
	index := make([]int, last) // a scalar is contiguous and never comes here
	at := 0
	for {
		gatherRow(to[:p.shape[last]*size], from[at*size:], p.steps[last]*size, size)
		to = to[p.shape[last]*size:]
		d := last - 1
		for ; d >= 0; d-- {
			index[d]++
			at += p.steps[d]
			if index[d] < p.shape[d] {
				break
			}
			at -= p.steps[d] * p.shape[d]
			index[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// gatherRow fills to with elements of size bytes that are step bytes apart in from.
func gatherRow(to, from []byte, step, size int) {
	switch size {
	case 2:
		for i := 0; i < len(to); i += 2 {
			j := i / 2 * step
			to[i], to[i+1] = from[j], from[j+1]
		}
	case 4:
		for i := 0; i < len(to); i += 4 {
			copy(to[i:i+4], from[i/4*step:])
		}
	default:
		for i := 0; i < len(to); i += size {
			copy(to[i:i+size], from[i/size*step:])
		}
	}
}
