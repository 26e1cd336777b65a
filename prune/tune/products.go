package tune

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// densest is the share of weights up to which products with only these are faster than with all of them,
// zeros included: docs/performance.md, "bitmask, F32", many tokens. What is saved at a half pays for the
// transposed copy. Tests change it.
var densest = 0.5

// productRows is how many rows of weights take turns with a part of the inputs that fits the first-level
// cache. Their sums should fit the second.
const productRows = 512

// products multiplies by the survivors of a matrix [out, in] and no other weights. It implements
// [autograd.Products].
type products struct {
	byRow, byColumn stored // the matrix, and its transpose
	turned          bool   // the transpose has the weights that the matrix has
	mask            *prune.Mask
	before          []uint32    // kept weights of a row in front of each word of the mask [out, words]
	panels          *asm.Panels // of the inputs, memory that all matrices share
}

// stored are weights in the layout that [asm.Panels] multiplies by.
type stored struct {
	rows, cols            int
	mask, values, offsets []byte
}

// newProducts returns room for the kept weights of a matrix, nil where there are too many of them or the
// machine has no kernel.
func newProducts(mask *prune.Mask, panels *asm.Panels) *products {
	kept := mask.Rows*mask.Cols - mask.Zeros()
	if panels == nil || float64(kept) > densest*float64(mask.Rows*mask.Cols) {
		return nil
	}
	p := &products{mask: mask, panels: panels, byRow: newStored(mask.Rows, mask.Cols, kept), byColumn: newStored(mask.Cols, mask.Rows, kept)}
	counts := make([]int, mask.Cols)
	total := 0
	for i := range mask.Rows {
		begin := total
		for k, word := range mask.RowBits(i) {
			binary.LittleEndian.PutUint64(p.byRow.mask[i*p.byRow.stride()+8*k:], word)
			p.before = append(p.before, uint32(total-begin))
			total += bits.OnesCount64(word)
			for ; word != 0; word &= word - 1 {
				j := k<<6 + bits.TrailingZeros64(word)
				p.byColumn.mask[j*p.byColumn.stride()+i/8] |= 1 << (i % 8)
				counts[j]++
			}
		}
		p.byRow.setOffset(i+1, total)
	}
	total = 0
	for j, n := range counts {
		total += n
		p.byColumn.setOffset(j+1, total)
	}
	return p
}

func newStored(rows, cols, kept int) stored {
	s := stored{rows: rows, cols: cols, values: make([]byte, 4*kept), offsets: make([]byte, 8*(rows+1))}
	s.mask = make([]byte, rows*s.stride())
	return s
}

// stride returns the bytes of the mask per row.
func (s *stored) stride() int {
	return (s.cols + asm.PackedColumns - 1) / asm.PackedColumns * asm.PackedColumns / 8
}

func (s *stored) offset(i int) int { return int(binary.LittleEndian.Uint64(s.offsets[8*i:])) }
func (s *stored) setOffset(i, n int) {
	binary.LittleEndian.PutUint64(s.offsets[8*i:], uint64(n))
}

// set puts start + t·move [kept] in place, row by row.
func (p *products) set(start, move *tensor.Tensor, t float32) {
	parallel.For(start.Len(), 1<<15, func(lo, hi int) {
		to, moved := p.byRow.values[4*lo:4*hi], move.Data()[lo:hi]
		for j, v := range start.Data()[lo:hi] {
			binary.LittleEndian.PutUint32(to[4*j:], math.Float32bits(v+t*moved[j]))
		}
	})
	p.turned = false
}

// MulNTInto sets y [n, out] = x [n, in]·Wᵀ.
func (p *products) MulNTInto(y, x *tensor.Tensor) { p.byRow.multiply(p.panels, y, x) }

// MulInto sets dx [n, in] = dy [n, out]·W.
func (p *products) MulInto(dx, dy *tensor.Tensor) {
	if !p.turned {
		p.turn()
	}
	p.byColumn.multiply(p.panels, dx, dy)
}

// turn gives the transpose the weights that the matrix has now.
func (p *products) turn() {
	p.turned = true
	words := p.byRow.stride() / 8
	parallel.For(words, max(1, 1<<9/max(1, p.mask.Rows)), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			var next [64]int // byte that the next weight of a column goes to
			for j := range min(64, p.mask.Cols-k<<6) {
				next[j] = 4 * p.byColumn.offset(k<<6+j)
			}
			for i := range p.mask.Rows {
				from := p.byRow.values[4*(p.byRow.offset(i)+int(p.before[i*words+k])):]
				for word := p.mask.RowBits(i)[k]; word != 0; word &= word - 1 {
					j := bits.TrailingZeros64(word)
					binary.LittleEndian.PutUint32(p.byColumn.values[next[j]:], binary.LittleEndian.Uint32(from))
					next[j] += 4
					from = from[4:]
				}
			}
		}
	})
}

// multiply sets y [n, rows] = x [n, cols]·Wᵀ. The order of a sum depends on the number of columns alone.
func (s *stored) multiply(panels *asm.Panels, y, x *tensor.Tensor) {
	tensor.CheckShape("tune, product with survivors", x, tensor.AnyDim, s.cols)
	tensor.CheckShape("tune, product with survivors", y, x.Dim(0), s.rows)
	panels.Resize(x.Dim(0), s.cols)
	parallel.For(panels.Tiles(), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			panels.Fill(i, x.Data(), s.cols)
		}
	})
	parallel.For(s.rows, productRows/8, func(lo, hi int) {
		for ; lo < hi; lo += productRows {
			end := min(hi, lo+productRows)
			panels.MulBitmask(asm.Float32, end-lo, s.mask[lo*s.stride():end*s.stride()], s.values, s.offsets[8*lo:8*(end+1)], y.Data()[lo:], s.rows)
		}
	})
}
