package asm

// product is a matrix product in the making: C = alpha·op(A)·op(B), or that added
// to C.
//
// A block of B, kc × nc, is packed into panels of nr columns that stay in the
// second-level cache. Panels of A, mr × kc, pass by one after the other; each
// meets all panels of B and is in the first-level cache, or nearly, meanwhile.
// Both are read at unit stride by the tile kernel. A panel of A is packed when it
// is first met and kept for the other blocks of B, in the third-level cache; at
// each tile the kernel fetches some of what the next panel is made from. So is
// the tile of C, shortly before it is written: the sums of a pass over kc go
// through it once, row by row.
//
// This is the scheme of Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008), section 4, with A and B in each other's places: row-major
// matrices are the transposes of theirs.
type product[T float] struct {
	*gemmKernel[T]
	transA, transB bool
	m, n, k        int
	alpha          T
	a, b, c        []T
	lda, ldb, ldc  int
	accumulate     bool

	// Only elements C[i, j] with j ≤ diagonal+i are wanted: tiles without any of
	// these are left out.
	diagonal int

	keep bool // packed panels of A, since there are several blocks of B
}

// panelGroup is how many panels of a transposed A are packed at once: its rows are
// read in longer pieces that way.
const panelGroup = 4

// compute does it all.
func (x *product[T]) compute(pool *bufferPool[T]) {
	kc := x.depth(x.k)
	nc := x.nc
	if x.m <= 2*x.mr && x.transB {
		// Panels of B are met once or twice, best right after they were packed. (Where
		// its rows are contiguous, it pays to read longer pieces of them.)
		nc = 2 * x.nr
	}
	nc = roundUp(evenly(x.n, nc), x.nr)
	mc := evenly(x.m, x.mc)
	x.keep = nc < x.n
	sizeA := panelGroup * x.mr
	if x.keep {
		sizeA = roundUp(mc, x.mr)
	}
	buf := pool.get(sizeA*kc+packSlack, nc*kc+packSlack, x.mr*x.nr)
	defer pool.put(buf)
	for i := 0; i < x.m; i += mc {
		rows := min(mc, x.m-i)
		wanted := min(x.n, x.diagonal+i+rows)
		for p := 0; p < x.k; p += kc {
			depth := min(kc, x.k-p)
			for j := 0; j < wanted; j += nc {
				cols := min(nc, wanted-j)
				x.pack(buf.b, x.b[corner(x.transB, p, j, x.ldb):], x.ldb, x.nr, cols, depth, x.transB)
				x.pass(buf, i, j, p, rows, cols, depth)
			}
		}
	}
}

// pass takes the panels of A, rows i to i+rows-1, past the packed block of B.
func (x *product[T]) pass(buf *buffers[T], i, j, p, rows, cols, depth int) {
	h := x.heights(rows)
	first := j == 0
	group := 1
	if first && x.transA {
		group = panelGroup
	}
	tiles := group * ((cols-1)/x.nr + 1)
	for q := 0; q < h.panels; {
		row, height, count := h.row(q), h.height(q), h.group(q, group)
		end := min(row+count*height, rows)
		a := buf.a
		if x.keep {
			a = a[row*depth:]
		}
		if first {
			x.pack(a, x.a[corner(x.transA, i+row, p, x.lda):], x.lda, height, end-row, depth, !x.transA)
		}
		soon := next[T]{rows: min(h.mr, rows-end), depth: depth, tiles: tiles}
		switch {
		case end == rows:
		case !first:
			soon.packed = buf.a[end*depth:]
		default:
			soon.source, soon.ld, soon.alongK = x.a[corner(x.transA, i+end, p, x.lda):], x.lda, !x.transA
		}
		for tile := 0; row < end; row += height {
			for jr := 0; jr < cols && j+jr <= x.diagonal+i+row+height-1; jr += x.nr {
				x.compute1(buf, a, buf.b[jr*depth:], x.c[(i+row)*x.ldc+j+jr:], height, min(height, end-row), min(x.nr, cols-jr), depth,
					x.accumulate || p > 0, soon.lines(tile))
				tile++
			}
			a = a[height*depth:]
		}
		q += count
	}
}

// compute1 computes one tile, [height, cols], from a panel of A for panelHeight
// rows. If the kernel knows whole tiles only, it works on a copy, so that every
// element of C is rounded in the same way wherever it lies.
func (x *product[T]) compute1(buf *buffers[T], a, b, c []T, panelHeight, height, cols, depth int, accumulate bool, soon lines[T]) {
	if height == panelHeight && (cols == x.nr || x.anyWidth) {
		x.tile(height, cols, depth, x.alpha, a, b, c, x.ldc, accumulate, soon)
		return
	}
	if accumulate {
		for r := range height {
			copy(buf.tile[r*x.nr:][:cols], c[r*x.ldc:])
		}
	}
	x.tile(panelHeight, x.nr, depth, x.alpha, a, b, buf.tile, x.nr, accumulate, soon)
	for r := range height {
		copy(c[r*x.ldc:][:cols], buf.tile[r*x.nr:])
	}
}

// heights are those of the panels of A: if the kernel can do with any, they differ
// by one at most, so that none is nearly empty.
type heights struct {
	mr, panels int
	tall       int // panels of height mr; the others have one row less
}

func (g *gemmKernel[T]) heights(rows int) heights {
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

// next is what the panel of A after the current one is made from: the packed
// panel, or a strip of the matrix, see packGeneric.
type next[T float] struct {
	packed, source []T
	ld             int
	alongK         bool
	rows, depth    int
	tiles          int // that share the work
}

// fetchEvery is at how many steps over k a tile asks for two lines.
const fetchEvery = 4

// lines returns the part to be fetched during a tile. What it asks for more than
// once costs nothing, what nobody needs would.
func (n *next[T]) lines(tile int) lines[T] {
	size := int(elementSize[T]())
	switch {
	case n.packed != nil:
		share := n.rows * n.depth / n.tiles
		return lines[T]{at: element(n.packed, tile*share), step: fetchEvery*n.rows*size/(2*n.tiles) + 1, apart: share / 2 * size}
	case n.source == nil:
		return lines[T]{}
	case n.alongK:
		// Two rows.
		if 2*tile >= n.rows {
			return lines[T]{}
		}
		return lines[T]{at: element(n.source, 2*tile*n.ld), step: fetchEvery * size, apart: n.ld * size}
	}
	// Two lines of each row, every other one, of a quarter of the rows. The tiles in
	// between fetch the others.
	from := min(tile*n.depth/n.tiles, n.depth-n.depth/fetchEvery)
	return lines[T]{at: element(n.source, from*n.ld+tile%2*64/size), step: n.ld * size, apart: 128}
}

// element returns the address of an element, or of the last one.
func element[T any](x []T, i int) *T { return &x[min(i, len(x)-1)] }

// evenly returns the size of the pieces when n is cut into as few as possible of
// at most limit each, of about the same size.
func evenly(n, limit int) int {
	pieces := (n-1)/limit + 1
	return (n-1)/pieces + 1
}
