package packed

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// checkRow panics unless row i exists and dst has the room for it.
func (s *shape) checkRow(op string, dst []float32, i int) {
	if i < 0 || i >= s.out || len(dst) != s.in {
		panic(&tensor.ShapeError{Op: op, Got: []int{i, len(dst)}, Want: []int{s.out, s.in}, Msg: "row and its length"})
	}
}

// RowInto widens row i.
func (m *Plain) RowInto(dst []float32, i int) {
	m.checkRow("packed.Plain row", dst, i)
	size := m.in * m.dtype.Size()
	asm.Widen(m.format, dst, m.data[i*size:(i+1)*size])
}

// RowInto widens row i.
func (m *Bitmask) RowInto(dst []float32, i int) {
	m.checkRow("packed.Bitmask row", dst, i)
	asm.BitmaskWiden(m.rows(i, i+1), dst)
}

// RowInto widens row i.
func (m *Semi) RowInto(dst []float32, i int) {
	m.checkRow("packed.Semi row", dst, i)
	asm.BitmaskWiden(m.rows(i, i+1), dst)
}
