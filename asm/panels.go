package asm

import (
	"fmt"
	"unsafe"
)

// Panels are the inputs of a product with many tokens in the order that [Panels.MulBitmask] wants
// them: tiles of tokens, and in a tile the values of a column side by side.
type Panels struct {
	n, k   int
	level  *panelKernels
	tiles  []panelTile
	data   []float32
	stride int // of a column in all tiles
}

// panelTile are tokens that are multiplied together.
type panelTile struct {
	token int // the first
	width int // how many there is room for
	at    int // where they begin in data, in columns of one token
	tile  panelTileKernel
}

// panelTileKernel is the product of 64 columns with tokens, for rows whose weights begin at the bytes
// that at counts, see the stubs.
type panelTileKernel struct {
	width int
	mul   [formats]panelKernel
}

type panelKernel = func(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)

// panelKernels is what a level has for products with panels.
type panelKernels struct {
	lanes     int
	tiles     []panelTileKernel // widest first; every width is a multiple of lanes
	transpose func(n int, dst *float32, ldDst int, src *float32, ldSrc int)
}

// NewPanels returns room for n inputs of k columns. It returns nil when the current level has no
// kernels for them; then a product with the widened weights is the way.
func NewPanels(n, k int) *Panels {
	if n < 0 || k < 0 {
		panic(fmt.Sprintf("asm: panels of %d inputs with %d columns", n, k))
	}
	level := current.Load().panels
	if level == nil {
		return nil
	}
	p := &Panels{n: n, k: k, level: level}
	for token := 0; token < n; {
		tile := level.tiles[len(level.tiles)-1]
		for _, t := range level.tiles {
			// A tile may be wider than what is left by less than its narrowest part.
			if t.width <= roundUp(n-token, level.lanes) {
				tile = t
				break
			}
		}
		p.tiles = append(p.tiles, panelTile{token: token, width: tile.width, at: p.stride, tile: tile})
		p.stride += tile.width
		token += tile.width
	}
	p.data = make([]float32, p.stride*roundUp(k, PackedColumns))
	return p
}

// Tiles returns how many tiles there are.
func (p *Panels) Tiles() int { return len(p.tiles) }

// panel returns the columns of a tile.
func (p *Panels) panel(t *panelTile) []float32 {
	height := roundUp(p.k, PackedColumns)
	return p.data[t.at*height : (t.at+t.width)*height]
}

// Fill copies the inputs of a tile from x [n, ldx]. Tiles may be filled at the same time.
func (p *Panels) Fill(tile int, x []float32, ldx int) {
	checkMatrix("x", p.n, p.k, ldx, len(x))
	t := &p.tiles[tile]
	panel := p.panel(t)
	clear(panel[p.k*t.width:])
	for i := 0; i < t.width; i += p.level.lanes {
		first := t.token + i
		count := min(p.level.lanes, p.n-first)
		done := 0
		if count == p.level.lanes {
			if done = p.k - p.k%p.level.lanes; done > 0 {
				p.level.transpose(done, &panel[i], t.width, &x[first*ldx], ldx)
			}
		}
		for q := range p.level.lanes {
			if q >= count {
				for j := range p.k {
					panel[j*t.width+i+q] = 0
				}
				continue
			}
			for j := done; j < p.k; j++ {
				panel[j*t.width+i+q] = x[(first+q)*ldx+j]
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
	widest := p.level.tiles[0].width
	buf := buffers32.get(roundUp(rows, p.level.lanes)*widest, 2*rows, 0)
	defer buffers32.put(buf)
	at := unsafe.Slice((*uint64)(unsafe.Pointer(&buf.b[0])), rows)
	for i := range p.tiles {
		t := &p.tiles[i]
		c := buf.a[:roundUp(rows, p.level.lanes)*t.width]
		clear(c)
		for r := range rows {
			at[r] = uint64(offset(offsets, r) * f.Size())
		}
		if panel := p.panel(t); len(values) > 0 {
			for j := 0; j < p.k; j += PackedColumns {
				t.tile.mul[f](rows, &mask[j/8], stride, &values[0], &at[0], &panel[j*t.width], &c[0])
			}
		}
		p.store(t, rows, c, y, ldy)
	}
}

// store writes the sums c [rows, width] of a tile to y.
func (p *Panels) store(t *panelTile, rows int, c, y []float32, ldy int) {
	lanes := p.level.lanes
	tokens := min(t.width, p.n-t.token)
	whole := tokens - tokens%lanes
	for i := 0; i < rows; i += lanes {
		done := 0
		if i+lanes <= rows && whole > 0 {
			done = whole
			p.level.transpose(done, &y[t.token*ldy+i], ldy, &c[i*t.width], t.width)
		}
		for token := done; token < tokens; token++ {
			for r := i; r < min(i+lanes, rows); r++ {
				y[(t.token+token)*ldy+r] = c[r*t.width+token]
			}
		}
	}
}
