package asm

import (
	"sync"
	"unsafe"
)

// buffers is the workspace of one product.
type buffers[T Float] struct {
	a, b []T // packed blocks
	tile []T // a tile that sticks out of C

	block block[T] // what is being computed
	strip strip[T]
}

// bufferPool keeps workspaces between calls, so that products do not allocate. It
// never lets go of them, as sync.Pool does: a few megabytes for each product that
// ever ran at the same time as others, against page faults in the next one.
type bufferPool[T Float] struct {
	mu   sync.Mutex
	free []*buffers[T]
}

var (
	buffers32 bufferPool[float32]
	buffers64 bufferPool[float64]
)

// get returns a workspace with slices of at least the given lengths. Their
// contents are arbitrary.
func (p *bufferPool[T]) get(a, b, tile int) *buffers[T] {
	buf := p.take()
	grow(&buf.a, a)
	grow(&buf.b, b)
	grow(&buf.tile, tile)
	return buf
}

func (p *bufferPool[T]) take() *buffers[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return new(buffers[T])
	}
	buf := p.free[last]
	p.free = p.free[:last]
	return buf
}

func (p *bufferPool[T]) put(buf *buffers[T]) {
	buf.block, buf.strip = block[T]{}, strip[T]{} // not to keep matrices alive
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, buf)
}

// grow makes *s at least n long. Large allocations start on a page, and vectors of
// a panel on a cache line therefore.
func grow[T Float](s *[]T, n int) {
	const large = 64 << 10
	if len(*s) < n {
		*s = make([]T, max(n, large/int(elementSize[T]())))
	}
}

// elementSize returns the size of a T in bytes.
func elementSize[T Float]() uintptr {
	var x T
	return unsafe.Sizeof(x)
}

// packGeneric copies a strip of a matrix, count long and k deep, into panels of
// the given width: element q of the strip at depth p goes to position
// [q/width][p][q%width]. The last panel is filled up with zeros. In src the
// strip's element q at depth p stands at q·ld+p if alongK, else at p·ld+q.
func packGeneric[T Float](dst, src []T, ld, width, count, k int, alongK bool) {
	for q := 0; q < count; q += width {
		panel := dst[:width*k]
		dst = dst[width*k:]
		filled := min(width, count-q)
		if filled < width {
			clear(panel)
		}
		if alongK {
			packTransposed(panel, src[q*ld:], ld, width, filled, k)
			continue
		}
		packRows(panel, src[q:], ld, width, filled, k)
	}
}

// packRows fills the first columns of panel [k][width] from columns of src.
func packRows[T Float](panel, src []T, ld, width, filled, k int) {
	if filled == tileSize && width == tileSize {
		// The common case of the kernel in Go; copy is slow for three elements.
		panel = panel[:3*k]
		for p := 0; p+2 < len(panel); p += 3 {
			row := src[:3]
			panel[p], panel[p+1], panel[p+2] = row[0], row[1], row[2]
			src = src[min(ld, len(src)):]
		}
		return
	}
	for p := range k {
		copy(panel[p*width:][:filled], src[p*ld:])
	}
}

// packTransposed fills the first columns of panel [k][width] from rows of src.
func packTransposed[T Float](panel, src []T, ld, width, filled, k int) {
	if filled == tileSize && width == tileSize {
		// The common case of the kernel in Go: three rows at once.
		x, y, z := src[:k], src[ld:][:k], src[2*ld:][:k]
		panel = panel[:3*k]
		for p, v := range x {
			panel[3*p] = v
			panel[3*p+1] = y[p]
			panel[3*p+2] = z[p]
		}
		return
	}
	for q := range filled {
		for p, v := range src[q*ld:][:k] {
			panel[p*width+q] = v
		}
	}
}
