package asm

import (
	"fmt"
	"unsafe"
)

// Panels are the inputs of a product with many tokens in the order that [Panels.MulBitmask] wants
// them: tiles of tokens, and in a tile the values of a column side by side.
type Panels struct {
	n, k  int
	level *panelKernels
	data  []float32 // [tiles, k rounded up, width]
}

// panelKernels is what a level has for products with panels.
type panelKernels struct {
	lanes, width int // tokens that are transposed, and that are multiplied together: a multiple
	mul          [formats]panelKernel
	transpose    func(n int, dst *float32, ldDst int, src *float32, ldSrc int)
}

// panelKernel adds the products of 64 columns with the tokens of a tile, for rows whose next weights
// are where at says:
//
//	for i < rows, bits p of the 64 in mask[i·stride:]:
//		for t < width: c[i·width+t] += values[at[i]]·x[p·width+t]
//		at[i] += size of a value
type panelKernel = func(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)

// PanelWidth returns how many tokens are multiplied together at the current level, 0 if there are no
// kernels for them: then a product with the widened weights is the way.
func PanelWidth() int {
	if level := current.Load().panels; level != nil {
		return level.width
	}
	return 0
}

// NewPanels returns room for n inputs of k columns. It panics where [PanelWidth] is 0.
func NewPanels(n, k int) *Panels {
	level := current.Load().panels
	if n < 0 || k < 0 || level == nil {
		panic(fmt.Sprintf("asm: panels of %d inputs with %d columns on level %v", n, k, Current()))
	}
	p := &Panels{level: level}
	p.Resize(n, k)
	return p
}

// Resize makes room for other inputs, in the memory of those before if that is enough.
func (p *Panels) Resize(n, k int) {
	p.n, p.k = n, k
	size := p.Tiles() * p.panelSize()
	if size > cap(p.data) {
		p.data = make([]float32, size)
	}
	p.data = p.data[:size]
}

// Tiles returns how many tiles there are.
func (p *Panels) Tiles() int { return (p.n + p.level.width - 1) / p.level.width }

func (p *Panels) panelSize() int { return roundUp(p.k, PackedColumns) * p.level.width }

// panel returns the columns of a tile.
func (p *Panels) panel(tile int) []float32 {
	return p.data[tile*p.panelSize() : (tile+1)*p.panelSize()]
}

// Fill copies the inputs of a tile from x [n, ldx]. Tiles may be filled at the same time.
func (p *Panels) Fill(tile int, x []float32, ldx int) {
	checkMatrix("x", p.n, p.k, ldx, len(x))
	panel, width, lanes := p.panel(tile), p.level.width, p.level.lanes
	for i := 0; i < width && tile*width+i < p.n; i += lanes {
		first := tile*width + i
		count := min(lanes, p.n-first)
		done := 0
		if count == lanes && p.k >= lanes {
			done = p.k - p.k%lanes
			p.level.transpose(done, &panel[i], width, &x[first*ldx], ldx)
		}
		for q := range count {
			for j := done; j < p.k; j++ {
				panel[j*width+i+q] = x[(first+q)*ldx+j]
			}
		}
	}
}

// MulBitmask sets y[t·ldy+i] = Σ w[i,p]·x[t,p] for all inputs t and rows i of weights as those of
// [BitmaskRows]. The order of a sum depends on k alone.
func (p *Panels) MulBitmask(f Format, rows int, mask, values, offsets []byte, y []float32, ldy int) {
	stride := maskStride(p.k)
	checkStored("mask", len(mask), rows*stride)
	checkStored("offsets", len(offsets), 8*(rows+1))
	checkStored("values", len(values), offset(offsets, rows)*f.Size())
	checkMatrix("y", p.n, rows, ldy, len(y))
	if rows == 0 || p.n == 0 {
		return
	}
	width := p.level.width
	buf := buffers32.get(rows*width, 2*rows, 0)
	defer buffers32.put(buf)
	at := unsafe.Slice((*uint64)(unsafe.Pointer(&buf.b[0])), rows)
	c := buf.a[:rows*width]
	for tile := range p.Tiles() {
		clear(c)
		for r := range at {
			at[r] = uint64(offset(offsets, r) * f.Size())
		}
		if panel := p.panel(tile); len(values) > 0 {
			for j := 0; j < p.k; j += PackedColumns {
				p.level.mul[f](rows, &mask[j/8], stride, &values[0], &at[0], &panel[j*width], &c[0])
			}
		}
		p.store(tile, rows, c, y, ldy)
	}
}

// store writes the sums c [rows, width] of a tile to y.
func (p *Panels) store(tile, rows int, c, y []float32, ldy int) {
	width, lanes := p.level.width, p.level.lanes
	first := tile * width
	tokens := min(width, p.n-first)
	for i := 0; i < rows; i += lanes {
		done := 0
		if i+lanes <= rows && tokens >= lanes {
			done = tokens - tokens%lanes
			p.level.transpose(done, &y[first*ldy+i], ldy, &c[i*width], width)
		}
		for token := done; token < tokens; token++ {
			for r := i; r < min(i+lanes, rows); r++ {
				y[(first+token)*ldy+r] = c[r*width+token]
			}
		}
	}
}
