package asm

import "fmt"

// Gemm sets C = alpha·A·B + beta·C for A [m, k], B [k, n] and C [m, n], each of the operands as it is or transposed
// ([Matrix.T]); C must not be.
//
// With beta 0, C is only written: it may hold NaN before. With alpha 0 or k 0,
// A and B are not looked at. C must not overlap A or B.
//
// An element of C is summed over k in an order that depends on k alone. It comes
// out bit for bit the same if the caller computes only some rows or some columns
// of C by a call, so work may be split over goroutines that way.
//
// Sizes and slices that do not fit together panic.
func Gemm[T Float](alpha T, a, b *Matrix[T], beta T, c *Matrix[T]) {
	a.check("gemm", "A")
	b.check("gemm", "B")
	if a.Cols != b.Rows {
		panic(fmt.Sprintf("asm: gemm: A is [%d, %d] and B [%d, %d]", a.Rows, a.Cols, b.Rows, b.Cols))
	}
	c.checkResult("gemm", "C", a.Rows, b.Cols)
	g, pool := gemmOf[T]()
	gemm(g, pool, alpha, a, b, beta, c)
}

// gemmOf returns the kernels for T of the current level, and their workspaces.
func gemmOf[T Float]() (*gemmKernels[T], *bufferPool[T]) {
	table := current.Load()
	if g, ok := any(&table.gemm32).(*gemmKernels[T]); ok {
		return g, any(&buffers32).(*bufferPool[T])
	}
	return any(&table.gemm64).(*gemmKernels[T]), any(&buffers64).(*bufferPool[T])
}

// gemmKernels is a level's inner part of the product: a tile of C that is held
// in registers while a column of A and a row of B stream past. Which memory is
// gone through in which order, [product] decides.
type gemmKernels[T Float] struct {
	mr, nr     int // largest register tile
	mc, nc, kc int // cache blocks; nc a multiple of nr, more where k is less than kc

	// Whether strip computes tiles of any height up to mr, whose panels of A are
	// packed [k][height], and tiles of any width up to nr. If not, panels are
	// filled up to mr and tiles are computed whole.
	anyHeight, anyWidth bool

	// Whether strip packs panels itself on the way, those of A if its rows are
	// contiguous along k and those of B if they are along n. With inPlace it never
	// packs such an A, but reads it where it lies.
	packs, inPlace bool

	strip func(s *strip[T])

	// dots sets or adds to y[i·incY] = alpha·Σ x[p]·a[i·lda+p], p < len(x), and
	// axpys y[i·incY] = alpha·Σ x[p]·a[p·lda+i], for i < n: products with a
	// vector, where packing would cost more than it saves. They sum as tile does.
	dots  func(n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool)
	axpys func(n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool)

	// pack copies part of a matrix into panels, see packGeneric. It may write up
	// to packSlack elements beyond the last panel, and leaves what fills up a
	// panel arbitrary where tiles can be of any size.
	pack func(dst, src []T, ld, width, count, k int, alongK bool)

	transpose func(rows, cols int, dst []T, ldDst int, src []T, ldSrc int) // see Transpose
}

// packSlack is how far behind the panels they write, see gemmKernels: less than a
// vector.
const packSlack = 16

// strip is a part of C as high as a tile: a panel of A, [k][rows], by panels of B,
// each [k][nr]. Row i of C is c[i*ldc:][:cols]. Every element is set to alpha·A·B,
// or that is added to it: it is summed over k in order, starting from zero, and
// meets C and alpha once at the end.
type strip[T Float] struct {
	rows, cols, k int
	alpha         T
	a, b, c       []T
	ldc           int
	accumulate    bool

	// Where the panel of A, or those of B, are to be packed from, or that of A to be
	// read; nil if they have been packed. One of them at most.
	fromA, fromB []T
	lda, ldb     int

	soon lines[T] // may be fetched meanwhile
}

// lines are cache lines that will be needed soon: in the course of a tile, those in
// pairs at at and apart bytes further, then step bytes on, and so forth; in the
// course of the next tile the same, leap bytes on, and that for so many tiles. No
// address means none.
type lines[T Float] struct {
	at                       *T
	step, apart, leap, tiles int
}

// depth returns how many elements of a sum over k are added up at a time. This is
// what the order of summation depends on.
func (g *gemmKernels[T]) depth(k int) int {
	blocks := (k-1)/g.kc + 1
	return min(k, roundUp((k-1)/blocks+1, 16))
}

func gemm[T Float](g *gemmKernels[T], pool *bufferPool[T], alpha T, a, b *Matrix[T], beta T, c *Matrix[T]) {
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	// The first block over k overwrites C or adds to it; that leaves only other
	// values of beta to be dealt with beforehand.
	accumulate := beta != 0
	if a.Cols == 0 || alpha == 0 {
		scaleMatrix(beta, c)
		return
	}
	if beta != 0 && beta != 1 {
		scaleMatrix(beta, c)
	}
	switch {
	case c.Cols == 1:
		gemv(g, pool, alpha, a, b, c, accumulate)
	case c.Rows == 1: // the transpose of the product: a column
		gemv(g, pool, alpha, b.T(), a.T(), c.T(), accumulate)
	default:
		multiply(g, pool, alpha, a, b, c, accumulate)
	}
}

// multiply is gemm by way of [product], in a function of its own, as room for one takes time to clear.
func multiply[T Float](g *gemmKernels[T], pool *bufferPool[T], alpha T, a, b, c *Matrix[T], accumulate bool) {
	x := product[T]{gemmKernels: g, alpha: alpha, a: *a, b: *b, c: *c, accumulate: accumulate, diagonal: c.Cols}
	x.compute(pool)
}

// gemv is gemm for a column c = alpha·A·b, or that added to it.
func gemv[T Float](g *gemmKernels[T], pool *bufferPool[T], alpha T, a, b, c *Matrix[T], accumulate bool) {
	incX, incY := b.at(1, 0), c.at(1, 0)
	kc := g.depth(a.Cols)
	var buf *buffers[T]
	if incX != 1 {
		buf = pool.get(kc, 0, 0)
		defer pool.put(buf)
	}
	for p := 0; p < a.Cols; p += kc {
		depth := min(kc, a.Cols-p)
		x := b.Data[p*incX:]
		if incX != 1 {
			for i := range depth {
				buf.a[i] = x[i*incX]
			}
			x = buf.a
		}
		x = x[:depth]
		from := a.Data[a.at(0, p):]
		if a.Transposed {
			g.axpys(a.Rows, alpha, from, a.Stride, x, c.Data, incY, accumulate || p > 0)
		} else {
			g.dots(a.Rows, alpha, from, a.Stride, x, c.Data, incY, accumulate || p > 0)
		}
	}
}

// scaleMatrix sets C = beta·C, without reading it if beta is 0.
func scaleMatrix[T Float](beta T, c *Matrix[T]) {
	for i := range c.Rows {
		row := c.Data[i*c.Stride:][:c.Cols]
		switch beta {
		case 0:
			clear(row)
		case 1:
			return
		default:
			for j := range row {
				row[j] *= beta
			}
		}
	}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
