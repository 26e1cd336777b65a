package prune

import (
	"fmt"
	"math"
	"math/bits"
)

// RowBits returns the bits of row i, 64 columns a word: bit j&63 of word j>>6 is 1 when weight [i, j]
// is kept. It shares storage with the mask; bits behind the last column are 0 and must stay so. It is
// for loops over whole matrices, where a call per weight would show.
func (m *Mask) RowBits(i int) []uint64 { return m.words[i*m.stride : (i+1)*m.stride : (i+1)*m.stride] }

// ApplyRow sets those of the values [Cols] to zero that row i of the mask prunes.
func (m *Mask) ApplyRow(i int, values []float64) {
	if len(values) != m.Cols {
		panic(fmt.Sprintf("prune: mask row of %d columns applied to %d values", m.Cols, len(values)))
	}
	row := m.RowBits(i)
	for j, v := range values { // without a branch: masks are hard to predict
		values[j] = math.Float64frombits(math.Float64bits(v) & -(row[j>>6] >> (j & 63) & 1))
	}
}

// CopyFrom makes m, which has the same shape, equal to o.
func (m *Mask) CopyFrom(o *Mask) {
	m.sameShape(o)
	copy(m.words, o.words)
}

// Differences returns the number of weights on which two masks of the same shape do not agree.
func (m *Mask) Differences(o *Mask) int {
	m.sameShape(o)
	n := 0
	for i, w := range m.words {
		n += bits.OnesCount64(w ^ o.words[i])
	}
	return n
}

func (m *Mask) sameShape(o *Mask) {
	if m.Rows != o.Rows || m.Cols != o.Cols {
		panic(fmt.Sprintf("prune: masks of shapes [%d %d] and [%d %d]", m.Rows, m.Cols, o.Rows, o.Cols))
	}
}
