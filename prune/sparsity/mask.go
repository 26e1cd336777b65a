package sparsity

import (
	"fmt"
	"math/bits"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Mask holds one bit per weight of a matrix, true = kept. Every row starts at a word of its own, so
// that different rows may be written from different goroutines.
type Mask struct {
	Rows, Cols int
	stride     int // words per row
	words      []uint64
}

// NewMask returns a mask [rows, cols] that keeps everything. A negative number panics with a *tensor.ShapeError.
func NewMask(rows, cols int) *Mask {
	if rows < 0 || cols < 0 {
		panic(&tensor.ShapeError{Op: "sparsity.NewMask", Got: []int{rows, cols}, Want: []int{tensor.AnyDim, tensor.AnyDim}})
	}
	m := &Mask{Rows: rows, Cols: cols, stride: (cols + 63) / 64}
	m.words = make([]uint64, rows*m.stride)
	for i := range m.words {
		m.words[i] = ^uint64(0)
	}
	if tail := cols % 64; tail != 0 {
		for i := range rows {
			m.words[(i+1)*m.stride-1] = 1<<tail - 1
		}
	}
	return m
}

// MaskOf returns the mask that keeps the weights of w that are not zero.
func MaskOf(w *linalg.Matrix) *Mask {
	m := NewMask(w.Rows, w.Cols)
	for i := range w.Rows {
		for j, v := range w.Row(i) {
			if v == 0 {
				m.Set(i, j, false)
			}
		}
	}
	return m
}

// Keep reports whether weight [i, j] is kept.
func (m *Mask) Keep(i, j int) bool {
	m.check(i, j)
	return m.words[i*m.stride+j>>6]>>(j&63)&1 != 0
}

// Set makes weight [i, j] kept or pruned.
func (m *Mask) Set(i, j int, keep bool) {
	m.check(i, j)
	w, bit := &m.words[i*m.stride+j>>6], uint64(1)<<(j&63)
	if keep {
		*w |= bit
	} else {
		*w &^= bit
	}
}

// setBits makes the weights [i, col] to [i, col+n-1], n <= 64, kept where keep has a bit, counted from
// the lowest.
func (m *Mask) setBits(i, col, n int, keep uint64) {
	m.check(i, col+n-1)
	all := ^uint64(0) >> (64 - n)
	words, shift := m.words[i*m.stride+col>>6:], col&63
	words[0] = words[0]&^(all<<shift) | keep<<shift
	if shift+n > 64 {
		words[1] = words[1]&^(all>>(64-shift)) | keep>>(64-shift)
	}
}

func (m *Mask) check(i, j int) {
	if uint(i) >= uint(m.Rows) || uint(j) >= uint(m.Cols) {
		panic(fmt.Sprintf("sparsity: mask index [%d %d] out of shape [%d %d]", i, j, m.Rows, m.Cols))
	}
}

// Zeros returns the number of pruned weights.
func (m *Mask) Zeros() int {
	kept := 0
	for _, w := range m.words {
		kept += bits.OnesCount64(w)
	}
	return m.Rows*m.Cols - kept
}

// RowZeros returns the number of pruned weights of row i.
func (m *Mask) RowZeros(i int) int {
	kept := 0
	for _, w := range m.words[i*m.stride : (i+1)*m.stride] {
		kept += bits.OnesCount64(w)
	}
	return m.Cols - kept
}

// Sparsity returns the share of pruned weights, 0 for an empty mask.
func (m *Mask) Sparsity() float64 {
	if m.Rows*m.Cols == 0 {
		return 0
	}
	return float64(m.Zeros()) / float64(m.Rows*m.Cols)
}

// Clone returns a copy that shares nothing.
func (m *Mask) Clone() *Mask {
	c := *m
	c.words = append([]uint64(nil), m.words...)
	return &c
}

// Equal reports whether both masks have the same shape and the same bits.
func (m *Mask) Equal(o *Mask) bool {
	if m.Rows != o.Rows || m.Cols != o.Cols {
		return false
	}
	for i, w := range m.words {
		if w != o.words[i] {
			return false
		}
	}
	return true
}

// Apply sets the pruned weights of w [Rows, Cols] to zero, in place.
func (m *Mask) Apply(w *linalg.Matrix) {
	if w.Rows != m.Rows || w.Cols != m.Cols {
		panic(fmt.Sprintf("sparsity: mask of shape [%d %d] applied to weights [%d %d]", m.Rows, m.Cols, w.Rows, w.Cols))
	}
	for i := range m.Rows {
		row := w.Row(i)
		for k, word := range m.words[i*m.stride : (i+1)*m.stride] {
			part := row[k*64 : min(k*64+64, len(row))]
			drop := ^word
			if n := len(part); n < 64 {
				drop &= 1<<n - 1
			}
			for ; drop != 0; drop &= drop - 1 {
				part[bits.TrailingZeros64(drop)] = 0
			}
		}
	}
}
