package asm

// block is a block of B, [k, cols], part of which is packed into panels.
type block[T Float] struct {
	from, panels []T
	cols, whole  int // columns, and those in whole panels
	packed       int // columns that are packed, counted from the left
}

// newBlock packs of a block of B what strips do not pack.
func (x *product[T]) newBlock(buf *buffers[T], j, p, cols, depth int) *block[T] {
	b := &buf.block
	b.from, b.panels = x.b.Data[x.b.at(p, j):], buf.b
	b.cols, b.whole, b.packed = cols, cols-cols%x.nr, cols
	done := 0
	if x.packs && !x.b.Transposed && b.whole > 0 {
		b.packed, done = 0, b.whole
	}
	if done < cols {
		x.pack(buf.b[done*depth:], b.from[x.b.at(0, done):], x.b.Stride, x.nr, cols-done, depth, x.b.Transposed)
	}
	return b
}

// meet computes so many columns of a strip, and rows of its rows.
func (x *product[T]) meet(buf *buffers[T], b *block[T], s *strip[T], rows, cols int) {
	if done := min(b.packed, cols); done > 0 {
		x.columns(buf, b, s, rows, 0, done)
	}
	if cols <= b.packed {
		return
	}
	done := min(b.whole, cols)
	s.fromB = b.from[b.packed:]
	x.columns(buf, b, s, rows, b.packed, done)
	s.fromB = nil
	b.packed = done
	if done == b.whole {
		b.packed = b.cols // the last panel was packed at the beginning
		x.columns(buf, b, s, rows, done, cols)
	}
}

// columns computes columns from to to-1 of a strip. If the kernel knows whole tiles
// only, it works on a copy of the others, so that every element of C is rounded in
// the same way wherever it lies.
func (x *product[T]) columns(buf *buffers[T], b *block[T], s *strip[T], rows, from, to int) {
	whole := to
	switch {
	case rows < s.rows:
		whole = from
	case !x.anyWidth:
		whole -= (to - from) % x.nr
	}
	c, ldc := s.c, s.ldc
	if whole > from {
		s.b, s.c, s.cols = b.panels[from*s.k:], c[from:], whole-from
		x.tiles(s)
	}
	for j := whole; j < to; j += x.nr {
		width := min(x.nr, to-j)
		if s.accumulate {
			for r := range rows {
				copy(buf.tile[r*x.nr:][:width], c[r*ldc+j:])
			}
		}
		s.b, s.c, s.ldc, s.cols = b.panels[j*s.k:], buf.tile, x.nr, x.nr
		x.tiles(s)
		for r := range rows {
			copy(c[r*ldc+j:][:width], buf.tile[r*x.nr:])
		}
	}
	s.c, s.ldc = c, ldc
}

// tiles has the kernel compute a strip and prepares s for more columns of it: what was to be packed or sent for
// is by then.
func (x *product[T]) tiles(s *strip[T]) {
	x.strip(s)
	s.soon.at = nil
	if !x.inPlace {
		s.fromA = nil
	}
}
