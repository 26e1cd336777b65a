package scratch

import (
	"fmt"
	"io"
	"slices"

	"github.com/adagp/adagp/tensor"
)

// Slot is a place for the values of one tensor [rows, width].
type Slot struct {
	shape []int
	value *tensor.Tensor // in memory

	store  *Store // in a file
	offset int64
}

// Of returns a slot in memory that holds t.
func Of(t *tensor.Tensor) *Slot { return &Slot{shape: t.Shape(), value: t} }

// List returns slots in memory that hold ts.
func List(ts ...*tensor.Tensor) []*Slot {
	slots := make([]*Slot, len(ts))
	for i, t := range ts {
		slots[i] = Of(t)
	}
	return slots
}

// Shape returns the shape of the tensor.
func (s *Slot) Shape() []int { return slices.Clone(s.shape) }

// Dim returns the size of dimension i.
func (s *Slot) Dim(i int) int { return s.shape[i] }

// Len returns the number of elements.
func (s *Slot) Len() int {
	n := 1
	for _, d := range s.shape {
		n *= d
	}
	return n
}

func (s *Slot) bytes() int64 { return int64(s.Len()) * int64(s.store.dtype.Size()) }

// Load returns the values: of a slot in memory the tensor itself, else a new one. It must not be written
// to; see [Slot.Save].
func (s *Slot) Load() (*tensor.Tensor, error) {
	if s.store == nil {
		return s.memory(), nil
	}
	t := tensor.New(s.shape...)
	return t, s.read(t, s.offset)
}

// Rows returns rows lo <= i < hi, as Load returns all.
func (s *Slot) Rows(lo, hi int) (*tensor.Tensor, error) {
	if s.store == nil {
		return s.memory().Rows(lo, hi), nil
	}
	if lo < 0 || lo > hi || hi > s.shape[0] {
		panic(&tensor.ShapeError{Op: "scratch.Rows", Got: []int{lo, hi}, Want: s.Shape(), Msg: "rows out of range"})
	}
	width := s.Len() / max(1, s.shape[0])
	t := tensor.New(hi-lo, width)
	return t, s.read(t, s.offset+int64(lo*width*s.store.dtype.Size()))
}

// Save replaces the values by t's, of the same shape. For a slot in memory t becomes the slot's tensor.
func (s *Slot) Save(t *tensor.Tensor) error {
	tensor.CheckShape("scratch.Save", t, s.shape...)
	if s.store == nil {
		s.value = t
		return nil
	}
	return s.write(t)
}

// Free gives the place back. The slot must not be used afterwards; freeing it again does nothing.
func (s *Slot) Free() {
	if s.store == nil {
		s.value = nil
		return
	}
	if s.offset < 0 {
		return
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	n := s.bytes()
	s.store.free[n] = append(s.store.free[n], s.offset)
	s.offset = -1
}

// FreeAll frees slots; nil ones are passed over.
func FreeAll(slots []*Slot) {
	for _, s := range slots {
		if s != nil {
			s.Free()
		}
	}
}

func (s *Slot) memory() *tensor.Tensor {
	if s.value == nil {
		panic("scratch: a slot is used after it was freed")
	}
	return s.value
}

// piece is how many elements are converted at a time.
const piece = 1 << 18

// read fills t from the file at the given offset.
func (s *Slot) read(t *tensor.Tensor, offset int64) error {
	return s.pieces(t, offset, func(part []float32, b []byte, at int64) error {
		if _, err := s.store.f.ReadAt(b, at); err == io.EOF {
			return fmt.Errorf("scratch file: it became shorter while it was in use: %w", io.ErrUnexpectedEOF)
		} else if err != nil {
			return fmt.Errorf("scratch file: %w", err)
		}
		return tensor.Decode(part, b, s.store.dtype)
	})
}

// write stores t.
func (s *Slot) write(t *tensor.Tensor) error {
	return s.pieces(t, s.offset, func(part []float32, b []byte, at int64) error {
		if err := tensor.Encode(b, part, s.store.dtype); err != nil {
			return err
		}
		if _, err := s.store.f.WriteAt(b, at); err != nil {
			return fmt.Errorf("scratch file: %w", err)
		}
		return nil
	})
}

// pieces walks over t and the file from offset on.
func (s *Slot) pieces(t *tensor.Tensor, offset int64, do func(part []float32, b []byte, at int64) error) error {
	if s.offset < 0 {
		panic("scratch: a slot is used after it was freed")
	}
	size := s.store.dtype.Size()
	buf := make([]byte, min(t.Len(), piece)*size)
	for values := t.Data(); len(values) > 0; {
		part := values[:min(len(values), piece)]
		values = values[len(part):]
		if err := do(part, buf[:len(part)*size], offset); err != nil {
			return err
		}
		offset += int64(len(part) * size)
	}
	return nil
}
