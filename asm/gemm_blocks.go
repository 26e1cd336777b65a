package asm

// product is a matrix product in the making: C = alpha·A·B, or that added
// to C.
//
// A block of B, kc × nc, is packed into panels of nr columns that stay in the
// second-level cache. Panels of A, mr × kc, pass by one after the other; each
// meets all panels of B and is in the first-level cache, or nearly, meanwhile.
// Both are read at unit stride by the kernel. A panel of A is packed when it is
// first met and kept for the other blocks of B, in the third-level cache; at each
// tile the kernel fetches some of what the next panel is made from. So is the tile
// of C, shortly before it is written: the sums of a pass over kc go through it
// once, row by row.
//
// Kernels for strips of tiles can pack on the way: the first tile of a strip takes
// A as it lies and leaves its panel, and the tiles of the first strip do the same
// with B. That hides the packing behind the multiply-adds. Only what needs
// transposing for it, A where it is transposed and B where it is, is packed
// beforehand.
//
// A low tile needs few rows of A, and such a strip of A, read where it lies, is as
// good in the first-level cache as a panel: with AVX2 an A whose rows are contiguous
// along k is not packed at all, save for the strip that packs B.
//
// This is the scheme of Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008), section 4, with A and B in each other's places: row-major
// matrices are the transposes of theirs.
type product[T Float] struct {
	*gemmKernels[T]
	alpha      T
	a, b, c    Matrix[T]
	accumulate bool

	// Only elements C[i, j] with j ≤ diagonal+i are wanted: tiles without any of
	// these are left out.
	diagonal int

	inPlace bool // A is read where it lies
	keep    bool // packed panels of A, since there are several blocks of B
}

// panelGroup is how many panels of a transposed A are packed at once: its rows are
// read in longer pieces that way.
const panelGroup = 4

// compute does it all.
func (x *product[T]) compute(pool *bufferPool[T]) {
	kc := x.depth(x.a.Cols)
	nc := x.nc * x.kc / kc
	if x.c.Rows <= 2*x.mr && x.b.Transposed {
		// Panels of B are met once or twice, best right after they were packed. (Where
		// its rows are contiguous, it pays to read longer pieces of them.)
		nc = 2 * x.nr
	}
	nc = roundUp(evenly(x.c.Cols, nc), x.nr)
	mc := evenly(x.c.Rows, x.mc)
	x.inPlace = x.gemmKernels.inPlace && !x.a.Transposed
	x.keep = nc < x.c.Cols && !x.inPlace
	sizeA := panelGroup * x.mr
	if x.keep {
		sizeA = roundUp(mc, x.mr)
	}
	buf := pool.get(sizeA*kc+packSlack, nc*kc+packSlack, x.mr*x.nr)
	defer pool.put(buf)
	for i := 0; i < x.c.Rows; i += mc {
		rows := min(mc, x.c.Rows-i)
		wanted := min(x.c.Cols, x.diagonal+i+rows)
		for p := 0; p < x.a.Cols; p += kc {
			for j := 0; j < wanted; j += nc {
				x.pass(buf, i, j, p, rows, min(nc, wanted-j), min(kc, x.a.Cols-p))
			}
		}
	}
}

// pass takes the panels of A, rows i to i+rows-1, past a block of B.
func (x *product[T]) pass(buf *buffers[T], i, j, p, rows, cols, depth int) {
	h := x.heights(rows)
	fresh := j == 0 || x.inPlace // strips of A come from the matrix
	group := 1
	if fresh && x.a.Transposed {
		group = panelGroup
	}
	b := x.newBlock(buf, j, p, cols, depth)
	for q := 0; q < h.panels; {
		row, height, count := h.row(q), h.height(q), h.group(q, group)
		end := min(row+count*height, rows)
		// Field by field: to copy what has just been written in smaller pieces is slow.
		s := &buf.strip
		s.rows, s.k, s.alpha, s.accumulate = height, depth, x.alpha, x.accumulate || p > 0
		s.a, s.ldc, s.lda, s.ldb = buf.a, x.c.Stride, x.a.Stride, x.b.Stride
		s.fromA, s.fromB = nil, nil
		if x.keep {
			s.a = buf.a[row*depth:]
		}
		if fresh {
			from := x.a.Data[x.a.at(i+row, p):]
			if x.packs && !x.a.Transposed && b.packed > 0 {
				s.fromA = from
			} else {
				x.pack(s.a, from, x.a.Stride, height, end-row, depth, !x.a.Transposed)
			}
		}
		soon := next[T]{rows: min(group*h.mr, rows-end), depth: depth, group: group}
		switch {
		case end == rows:
		case !fresh:
			soon.packed = buf.a[end*depth:]
		default:
			soon.source, soon.ld, soon.alongK = x.a.Data[x.a.at(i+end, p):], x.a.Stride, !x.a.Transposed
		}
		for part := range count {
			wanted := cols
			if last := x.diagonal + i + row + height - j; last < cols {
				wanted = min(cols, roundUp(last, x.nr))
			}
			if wanted > 0 {
				s.c = x.c.Data[(i+row)*x.c.Stride+j:]
				soon.lines(&s.soon, part, (wanted-1)/x.nr+1)
				x.meet(buf, b, s, min(height, end-row), wanted)
			}
			row += height
			s.a = s.a[height*depth:]
		}
		q += count
	}
}

// heights are those of the panels of A: if the kernel can do with any, they differ
// by one at most, so that none is nearly empty.
type heights struct {
	mr, panels int
	tall       int // panels of height mr; the others have one row less
}

func (g *gemmKernels[T]) heights(rows int) heights {
	panels := (rows-1)/g.mr + 1
	if !g.anyHeight {
		return heights{mr: g.mr, panels: panels, tall: panels}
	}
	mr := (rows-1)/panels + 1
	return heights{mr: mr, panels: panels, tall: rows - (mr-1)*panels}
}

// row returns the first row of panel q.
func (h heights) row(q int) int { return q*h.mr - max(0, q-h.tall) }

func (h heights) height(q int) int {
	if q < h.tall {
		return h.mr
	}
	return h.mr - 1
}

// group returns how many panels from q on, up to limit, have the same height.
func (h heights) group(q, limit int) int {
	if q < h.tall {
		return min(limit, h.tall-q)
	}
	return min(limit, h.panels-q)
}

// evenly returns the size of the pieces when n is cut into as few as possible of
// at most limit each, of about the same size.
func evenly(n, limit int) int {
	pieces := (n-1)/limit + 1
	return (n-1)/pieces + 1
}
