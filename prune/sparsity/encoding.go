package sparsity

import (
	"encoding/binary"
	"fmt"
)

// EncodedMask returns the size in bytes of what [Mask.AppendBinary] appends for a mask [rows, cols].
func EncodedMask(rows, cols int) int { return 8 + 8*rows*((cols+63)/64) }

// AppendBinary implements encoding.BinaryAppender: rows and columns as uint32, then the rows, 64 columns in
// each uint64, all little-endian.
func (m *Mask) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Rows))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Cols))
	for _, w := range m.words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b, nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (m *Mask) MarshalBinary() ([]byte, error) {
	return m.AppendBinary(make([]byte, 0, EncodedMask(m.Rows, m.Cols)))
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. Input of another length than its shape asks for, or
// with bits behind the last column, is an error.
func (m *Mask) UnmarshalBinary(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("mask of %d bytes: want at least 8", len(b))
	}
	rows, cols := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	stride := (cols + 63) / 64
	if got := int64(len(b) - 8); got%8 != 0 || stride == 0 && got != 0 || stride > 0 && got/8 != rows*stride {
		return fmt.Errorf("mask of shape [%d %d] in %d bytes: want %d", rows, cols, len(b), 8+8*rows*stride)
	}
	n := Mask{Rows: int(rows), Cols: int(cols), stride: int(stride), words: make([]uint64, (len(b)-8)/8)}
	for k := range n.words {
		n.words[k] = binary.LittleEndian.Uint64(b[8+8*k:])
	}
	if tail := cols % 64; tail != 0 {
		for i := range n.Rows {
			if n.words[(i+1)*n.stride-1]>>tail != 0 {
				return fmt.Errorf("mask of shape [%d %d]: row %d has bits behind its last column", rows, cols, i)
			}
		}
	}
	*m = n
	return nil
}
