package models

import (
	"encoding/binary"
	"fmt"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// LoadStored is Load for inference: matrices stay as the checkpoint stores them, in half precision or
// packed, which takes less memory and less time per token. Pruning, tuning and optimisers make values of
// those that they change.
//
//	err := m.LoadStored(m.Walk)
func (m *Model) LoadStored(walk func(visit func(*nn.Param))) error {
	return m.loadStored(walk, m.Reader.Packed, false)
}

// LoadMapped is LoadStored with the matrices left in the mapped file: it takes no time and works for
// models larger than the memory, but tokens take longer. Matrices that files hold in another layout, such as
// transposed, are copied all the same. They can be used until Close. A file that is
// truncated meanwhile raises a fault: checkpoint.CatchFault makes an error of it, as package generate does.
func (m *Model) LoadMapped(walk func(visit func(*nn.Param))) error {
	return m.loadStored(walk, m.Reader.PackedMapped, false)
}

// LoadWidened is LoadStored for measuring: every product is that of the float32 weights to the last bit, as after
// Load, for a little more time where there are few tokens. Matrices that are stored as float32 are loaded as such.
func (m *Model) LoadWidened(walk func(visit func(*nn.Param))) error {
	return m.loadStored(walk, m.Reader.Packed, true)
}

func (m *Model) loadStored(walk func(visit func(*nn.Param)), get func(View) (packed.Matrix, error), widen bool) error {
	var filled []*nn.Param
	for _, p := range nn.Params(walk) {
		if p.Loaded() {
			continue
		}
		if err := m.readStored(p, get, widen); err != nil {
			for _, q := range filled {
				q.Set(nil)
			}
			return fmt.Errorf("model %s: %w", m.Path, err)
		}
		filled = append(filled, p)
	}
	return nil
}

// readStored fills one parameter.
func (m *Model) readStored(p *nn.Param, get func(View) (packed.Matrix, error), widen bool) (err error) {
	defer checkpoint.CatchFault(&err)()
	if len(p.Shape) != 2 {
		return m.read([]*nn.Param{p})
	}
	v := m.View(p)
	info, known := m.Reader.Info(v.Tensor)
	if widen && known && info.DType == tensor.F32 && info.Layout == checkpoint.Dense {
		return m.read([]*nn.Param{p}) // nothing to widen
	}
	stored, err := get(v)
	if err != nil {
		return err
	}
	if known {
		if err := checkHeader(p, v, info); err != nil {
			return err
		}
	}
	if !finiteStored(stored) {
		t := stored.Dense()
		i, _ := t.Finite()
		return fmt.Errorf("tensor %q holds %v at index %v", v.Tensor, t.Data()[i], v.Stored(unflatten(i, p.Shape)))
	}
	if widen {
		stored = packed.Widened(stored)
	}
	p.Hold(stored)
	return nil
}

// finiteStored reports whether no weight is NaN or infinite.
func finiteStored(m packed.Matrix) bool {
	var b []byte
	switch m := m.(type) {
	case *packed.Plain:
		b = m.Data()
	case interface{ Values() []byte }:
		b = m.Values()
	}
	// The exponents of NaN and infinity are all ones: in a word of several weights, the lanes that are
	// zero after the exponents were flipped. Such a lane borrows when one is taken off.
	exponents, ones := uint64(0x7f8000007f800000), uint64(0x0000000100000001)
	switch m.DType() {
	case tensor.F16:
		exponents, ones = 0x7c007c007c007c00, 0x0001000100010001
	case tensor.BF16:
		exponents, ones = 0x7f807f807f807f80, 0x0001000100010001
	}
	signs := ones * (1 << (m.DType().Size()*8 - 1))
	bad := func(word uint64) bool {
		x := word&exponents ^ exponents
		return (x-ones)&^x&signs != 0
	}
	for ; len(b) >= 8; b = b[8:] {
		if bad(binary.LittleEndian.Uint64(b)) {
			return false
		}
	}
	var tail [8]byte
	copy(tail[:], b)
	return !bad(binary.LittleEndian.Uint64(tail[:]))
}
