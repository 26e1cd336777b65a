package sparsity

import (
	"fmt"
	"math"
	"math/bits"
)

// Bits is a row of a mask, 64 columns a word: bit j&63 of word j>>6 is 1 when weight j is kept. Its
// methods serve loops over whole matrices: they do without branches, which masks make hard to
// predict.
type Bits []uint64

// RowBits returns row i, which shares its storage with the mask; bits behind the last column are 0.
func (m *Mask) RowBits(i int) Bits { return m.words[i*m.stride : (i+1)*m.stride : (i+1)*m.stride] }

// AddSplit sets dst = base + kept·x where weights are kept and base + pruned·x where they are pruned. All
// slices have one value per column; dst may be one of the others.
func (b Bits) AddSplit(dst, base, x []float64, kept, pruned float64) {
	low := math.Float64bits(pruned)
	flip := low ^ math.Float64bits(kept)
	x, base = x[:len(dst)], base[:len(dst)]
	for k, word := range b {
		lo := k * 64
		d := dst[lo:min(lo+64, len(dst))]
		u, v := base[lo:][:len(d)], x[lo:][:len(d)]
		for j := range d {
			d[j] = u[j] + math.Float64frombits(low^flip&-(word&1))*v[j]
			word >>= 1
		}
	}
}

// Kept returns v where weight j is kept, else 0.
func (b Bits) Kept(j int, v float64) float64 {
	return math.Float64frombits(math.Float64bits(v) & -(b[j>>6] >> (j & 63) & 1))
}

// Pruned returns v where weight j is pruned, else 0.
func (b Bits) Pruned(j int, v float64) float64 {
	return math.Float64frombits(math.Float64bits(v) & (b[j>>6]>>(j&63)&1 - 1))
}

// FirstPruned returns the first column whose weight is pruned and yet not zero in row, or -1.
func (b Bits) FirstPruned(row []float64) int {
	for k, word := range b {
		part := row[k*64 : min(k*64+64, len(row))]
		var wrong uint64 // without the sign, zeros of both signs are 0
		for _, v := range part {
			wrong |= math.Float64bits(v) << 1 & (word&1 - 1)
			word >>= 1
		}
		if wrong == 0 {
			continue
		}
		for j, v := range part {
			if v != 0 && b.Pruned(k*64+j, 1) != 0 {
				return k*64 + j
			}
		}
	}
	return -1
}

// ApplyRow sets those of the values [Cols] to zero that row i of the mask prunes.
func (m *Mask) ApplyRow(i int, values []float64) {
	if len(values) != m.Cols {
		panic(fmt.Sprintf("sparsity: mask row of %d columns applied to %d values", m.Cols, len(values)))
	}
	row := m.RowBits(i)
	for j, v := range values {
		values[j] = row.Kept(j, v)
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
		panic(fmt.Sprintf("sparsity: masks of shapes [%d %d] and [%d %d]", m.Rows, m.Cols, o.Rows, o.Cols))
	}
}
