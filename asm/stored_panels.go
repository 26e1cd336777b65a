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
	if level := current.Load().stored.panels; level != nil {
		return level.width
	}
	return 0
}

// NewPanels returns room for n inputs of k columns. It panics where [PanelWidth] is 0.
func NewPanels(n, k int) *Panels {
	level := current.Load().stored.panels
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

// Fill copies the inputs of a tile from x, all the inputs. Tiles may be filled at the same time.
func (p *Panels) Fill(tile int, x *Matrix[float32]) {
	x.checkResult("panels", "x", p.n, p.k)
	panel, width, lanes := p.panel(tile), p.level.width, p.level.lanes
	for i := 0; i < width && tile*width+i < p.n; i += lanes {
		first := tile*width + i
		count := min(lanes, p.n-first)
		done := 0
		if count == lanes && p.k >= lanes {
			done = p.k - p.k%lanes
			p.level.transpose(done, &panel[i], width, &x.Data[first*x.Stride], x.Stride)
		}
		for q := range count {
			for j := done; j < p.k; j++ {
				panel[j*width+i+q] = x.Data[x.at(first+q, j)]
			}
		}
	}
}

// MulBitmask sets y [n, w.Rows] = x·Wᵀ for all inputs x. The order of a sum depends on the number of columns alone.
func (p *Panels) MulBitmask(w BitmaskWeights, y *Matrix[float32]) {
	if w.Cols != p.k {
		panic(fmt.Sprintf("asm: panels of %d columns by weights [%d, %d]", p.k, w.Rows, w.Cols))
	}
	w.check()
	y.checkResult("panels", "y", p.n, w.Rows)
	if w.Rows == 0 || p.n == 0 {
		return
	}
	width, stride := p.level.width, maskStride(w.Cols)
	buf := buffers32.get(w.Rows*width, 2*w.Rows, 0)
	defer buffers32.put(buf)
	at := unsafe.Slice((*uint64)(unsafe.Pointer(&buf.b[0])), w.Rows)
	c := buf.a[:w.Rows*width]
	for tile := range p.Tiles() {
		clear(c)
		for r := range at {
			at[r] = uint64(w.offset(r) * w.Format.Size())
		}
		if panel := p.panel(tile); len(w.Values) > 0 {
			for j := 0; j < w.Cols; j += PackedColumns {
				p.level.mul[w.Format](w.Rows, &w.Mask[j/8], stride, &w.Values[0], &at[0], &panel[j*width], &c[0])
			}
		}
		p.store(tile, c, y)
	}
}

// store writes the sums c [rows, width] of a tile to y.
func (p *Panels) store(tile int, c []float32, y *Matrix[float32]) {
	width, lanes := p.level.width, p.level.lanes
	first := tile * width
	tokens := min(width, p.n-first)
	for i := 0; i < y.Cols; i += lanes {
		done := 0
		if i+lanes <= y.Cols && tokens >= lanes {
			done = tokens - tokens%lanes
			p.level.transpose(done, &y.Data[first*y.Stride+i], y.Stride, &c[i*width], width)
		}
		for token := done; token < tokens; token++ {
			for r := i; r < min(i+lanes, y.Cols); r++ {
				y.Data[(first+token)*y.Stride+r] = c[r*width+token]
			}
		}
	}
}
