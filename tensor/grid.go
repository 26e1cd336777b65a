package tensor

const (
	// minTileWork is the fewest multiply-adds worth a thread of their own: a few
	// microseconds with the fastest kernels, against about one for the hand-out.
	minTileWork = 1 << 18

	// tileUnit is a multiple of the register tiles of all kernels, or nearly, so
	// that cuts do not leave many of them half empty.
	tileUnit = 96

	// gramStrip is the fewest rows of a Gram matrix worth a strip of their own, and
	// gramStripHigh how many there are on average where packing for twice as many
	// strips is not noticeable any more.
	gramStrip     = 64
	gramStripHigh = 512
)

// grid cuts a matrix [m, n] into rows × cols tiles of equal size, the last ones
// smaller. How it is cut has no influence on the elements, see [asm.Gemm].
type grid struct {
	m, n          int
	rows, cols    int // number of tiles
	height, width int // of a tile
}

// rect is the part of a matrix with rows i to i+m-1 and columns j to j+n-1.
type rect struct{ i, j, m, n int }

// newGrid cuts an [m, n] result with inner dimension k for a number of threads:
// into two tiles per thread, if they are large enough, to even out threads that
// are held up; into one, if the packing of operands, which every tile does for
// itself, is noticeably less then. Among the possible cuts it takes the one whose
// tiles have the shortest sides.
func newGrid(m, n, k, threads int) grid {
	best := grid{m: m, n: n, rows: 1, cols: 1, height: m, width: n}
	most := m * n * k / minTileWork
	if threads == 1 || most < 2 {
		return best
	}
	best, cost := best.cut(min(2*threads, most), threads)
	if g, c := best.cut(min(threads, most), threads); c < cost-cost/50 {
		return g
	}
	return best
}

// cut returns the best grid of about so many tiles, and the work of the thread
// that has most, in multiply-adds for each step over k. The packing of an element
// counts as some tens of them.
func (g grid) cut(tiles, threads int) (best grid, cost int) {
	cost = -1
	for rows := 1; rows <= tiles; rows++ {
		cols := (tiles + rows - 1) / rows
		g.height, g.width = cut(g.m, rows), cut(g.n, cols)
		g.rows, g.cols = (g.m-1)/g.height+1, (g.n-1)/g.width+1
		perThread := (g.rows*g.cols-1)/threads + 1
		if c := perThread * (g.height*g.width + 32*(g.height+g.width)); cost < 0 || c < cost {
			best, cost = g, c
		}
	}
	return best, cost
}

// cut returns the size of the pieces when n is cut into parts.
func cut(n, parts int) int {
	size := (n-1)/parts + 1
	return min(n, roundUp(size, tileUnit/6))
}

// tile returns the part that tile number i covers, counted row by row.
func (g grid) tile(i int) rect {
	r := rect{i: i / g.cols * g.height, j: i % g.cols * g.width}
	r.m, r.n = min(g.height, g.m-r.i), min(g.width, g.n-r.j)
	return r
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
