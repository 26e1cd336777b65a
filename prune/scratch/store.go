// Package scratch keeps the hidden states of calibration windows between decoder layers: in memory, or
// in a file, so that their number does not matter for memory. A [Slot] is one tensor in a [Store]; what
// works on slots loads one at a time and works alike for both.
//
// The file is read and written by position, not mapped: pages of a mapping would count as memory of
// the process. It is unlinked as soon as it exists, so that nothing is left behind however the process
// ends.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/adagp/adagp/tensor"
)

// Store is where slots put their values. It is safe for concurrent use.
type Store struct {
	f     *os.File // nil: memory
	path  string   // to remove at the end, where a file in use cannot be
	dtype tensor.DType

	mu   sync.Mutex
	end  int64             // of the used part of the file
	free map[int64][]int64 // offsets of freed slots by their size in bytes
}

// Memory returns a store in memory: slots are the tensors themselves.
func Memory() *Store { return &Store{} }

// File returns a store in a new file in the folder dir, "" being the system's for temporary files.
// Values are stored as d: F32 as they are, BF16 rounded to 8 significant bits in half the space. Close
// it after use.
func File(dir string, d tensor.DType) (*Store, error) {
	if d != tensor.F32 && d != tensor.BF16 {
		return nil, fmt.Errorf("scratch file of %v: want F32 or BF16", d)
	}
	f, err := os.CreateTemp(dir, ".scratch-*")
	if err != nil {
		return nil, fmt.Errorf("scratch file: %w", err)
	}
	s := &Store{f: f, dtype: d, free: map[int64][]int64{}}
	if os.Remove(f.Name()) != nil {
		s.path = f.Name()
	}
	return s, nil
}

// InFile reports whether slots are kept in a file.
func (s *Store) InFile() bool { return s != nil && s.f != nil }

// Bytes returns the size of the file, 0 for a store in memory.
func (s *Store) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// Close gives up the file. Slots in it cannot be used afterwards.
func (s *Store) Close() error {
	if !s.InFile() {
		return nil
	}
	err := s.f.Close()
	if s.path != "" {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}

// Put keeps t. A store in memory keeps t itself, which must not change any more except through the slot.
func (s *Store) Put(t *tensor.Tensor) (*Slot, error) {
	if !s.InFile() {
		return Of(t), nil
	}
	slot := &Slot{store: s, shape: t.Shape()}
	slot.offset = s.place(slot.bytes())
	if err := slot.write(t); err != nil {
		slot.Free()
		return nil, err
	}
	return slot, nil
}

// place finds room for n bytes.
func (s *Store) place(n int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.free[n]; len(list) > 0 {
		s.free[n] = list[:len(list)-1]
		return list[len(list)-1]
	}
	at := s.end
	s.end += n
	return at
}
