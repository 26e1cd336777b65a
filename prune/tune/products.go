package tune

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// densest is the share of weights up to which products with only these are faster than with all of them,
// zeros included: docs/performance.md, "bitmask, F32", many tokens. What is saved at a half pays for the
// transposed copy. Tests change it.
var densest = 0.5

// products multiplies by the survivors of a matrix [out, in] and no other weights. It is what their parameter
// holds while they are tuned: an [nn.Form] and [autograd.Products].
type products struct {
	byRow, byColumn *packed.Bitmask // the matrix, and its transpose
	turned          bool            // the transpose has the weights that the matrix has
	mask            *sparsity.Mask
	before          []uint32    // kept weights of a row in front of each word of the mask [out, words]
	panels          *asm.Panels // of the inputs, memory that all matrices share
}

// newProducts returns room for the kept weights of a matrix, nil where there are too many of them or the
// machine has no kernel.
func newProducts(mask *sparsity.Mask, panels *asm.Panels) (*products, error) {
	count := mask.Rows*mask.Cols - mask.Zeros()
	if panels == nil || float64(count) > densest*float64(mask.Rows*mask.Cols) {
		return nil, nil
	}
	p := &products{mask: mask, panels: panels}
	rows, columns := packed.MaskStride(mask.Cols), packed.MaskStride(mask.Rows) // bytes of a row of the masks
	rowBits, columnBits := make([]byte, mask.Rows*rows), make([]byte, mask.Cols*columns)
	inRow, inColumn := make([]int, mask.Rows), make([]int, mask.Cols)
	for i := range mask.Rows {
		for k, word := range mask.RowBits(i) {
			binary.LittleEndian.PutUint64(rowBits[i*rows+8*k:], word)
			p.before = append(p.before, uint32(inRow[i]))
			inRow[i] += bits.OnesCount64(word)
		}
		for j := range kept(mask.RowBits(i)) {
			columnBits[j*columns+i/8] |= 1 << (i % 8)
			inColumn[j]++
		}
	}
	var err error
	if p.byRow, err = packed.NewBitmask(tensor.F32, mask.Rows, mask.Cols, rowBits, make([]byte, 4*count), offsets(inRow)); err != nil {
		return nil, err
	}
	p.byColumn, err = packed.NewBitmask(tensor.F32, mask.Cols, mask.Rows, columnBits, make([]byte, 4*count), offsets(inColumn))
	return p, err
}

// offsets are sums of counts as a bit mask has them, from none to all.
func offsets(counts []int) []byte {
	b := make([]byte, 8, 8*(len(counts)+1))
	total := 0
	for _, n := range counts {
		total += n
		b = binary.LittleEndian.AppendUint64(b, uint64(total))
	}
	return b
}

// offset is the number of weights stored in front of row i.
func offset(m *packed.Bitmask, i int) int { return int(binary.LittleEndian.Uint64(m.Offsets()[8*i:])) }

// set puts start + t·move [kept] in place, row by row.
func (p *products) set(start, move []float32, t float32) {
	parallel.For(len(start), 1<<15, func(lo, hi int) {
		to, moved := p.byRow.Values()[4*lo:4*hi], move[lo:hi]
		for j, v := range start[lo:hi] {
			binary.LittleEndian.PutUint32(to[4*j:], math.Float32bits(along(v, t, moved[j])))
		}
	})
	p.turned = false
}

// Shape returns the number of outputs and of inputs.
func (p *products) Shape() (out, in int) { return p.byRow.Shape() }

// MulNTInto sets y [n, out] = x [n, in]·Wᵀ.
func (p *products) MulNTInto(y, x *tensor.Tensor) { p.byRow.MulNTInPanels(p.panels, y, x) }

// MulInto sets dx [n, in] = dy [n, out]·W.
func (p *products) MulInto(dx, dy *tensor.Tensor) {
	if !p.turned {
		p.turn()
	}
	p.byColumn.MulNTInPanels(p.panels, dx, dy)
}

// RowInto sets dst [in] to row i.
func (p *products) RowInto(dst []float32, i int) { p.byRow.RowInto(dst, i) }

// Dense returns the whole matrix.
func (p *products) Dense() *tensor.Tensor { return p.byRow.Dense() }

// turn gives the transpose the weights that the matrix has now.
func (p *products) turn() {
	p.turned = true
	words := packed.MaskStride(p.mask.Cols) / 8
	from, to := p.byRow.Values(), p.byColumn.Values()
	parallel.For(words, max(1, 1<<9/max(1, p.mask.Rows)), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			var next [64]int // byte that the next weight of a column goes to
			for j := range min(64, p.mask.Cols-k<<6) {
				next[j] = 4 * offset(p.byColumn, k<<6+j)
			}
			for i := range p.mask.Rows {
				from := from[4*(offset(p.byRow, i)+int(p.before[i*words+k])):]
				for word := p.mask.RowBits(i)[k]; word != 0; word &= word - 1 {
					j := bits.TrailingZeros64(word)
					binary.LittleEndian.PutUint32(to[next[j]:], binary.LittleEndian.Uint32(from))
					next[j] += 4
					from = from[4:]
				}
			}
		}
	})
}
