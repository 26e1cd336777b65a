package asm

import "fmt"

// float is what matrix products are computed in.
type float interface{ float32 | float64 }

// Gemm sets C = alpha·op(A)·op(B) + beta·C, where op(A) is [m, k], op(B) is
// [k, n] and C is [m, n]. All matrices are row-major; lda, ldb and ldc are their
// leading dimensions, the distance from one row to the next. With transA, op
// transposes: A is stored as [k, m] and lda ≥ m; without, as [m, k] and lda ≥ k.
// Likewise B is stored as [n, k] with transB and as [k, n] without.
//
// With beta 0, C is only written: it may hold NaN before. With alpha 0 or k 0,
// A and B are not looked at. C must not overlap A or B.
//
// An element of C is summed over k in an order that depends on k alone. It comes
// out bit for bit the same if the caller computes only some rows or some columns
// of C by a call, so work may be split over goroutines that way.
//
// Sizes and slices that do not fit together panic.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	checkGemm(transA, transB, m, n, k, len(a), lda, len(b), ldb, len(c), ldc)
	gemm(&current.Load().gemm32, &buffers32, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Gemm64 is [Gemm] in float64.
func Gemm64(transA, transB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkGemm(transA, transB, m, n, k, len(a), lda, len(b), ldb, len(c), ldc)
	gemm(&current.Load().gemm64, &buffers64, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func checkGemm(transA, transB bool, m, n, k, lenA, lda, lenB, ldb, lenC, ldc int) {
	if m < 0 || n < 0 || k < 0 {
		panic(fmt.Sprintf("asm: gemm: negative size m=%d n=%d k=%d", m, n, k))
	}
	rowsA, colsA := m, k
	if transA {
		rowsA, colsA = k, m
	}
	rowsB, colsB := k, n
	if transB {
		rowsB, colsB = n, k
	}
	checkMatrix("A", rowsA, colsA, lda, lenA)
	checkMatrix("B", rowsB, colsB, ldb, lenB)
	checkMatrix("C", m, n, ldc, lenC)
}

func checkMatrix(name string, rows, cols, ld, length int) {
	if ld < cols {
		panic(fmt.Sprintf("asm: gemm: leading dimension of %s is %d, want at least %d", name, ld, cols))
	}
	if rows > 0 && cols > 0 && length < (rows-1)*ld+cols {
		panic(fmt.Sprintf("asm: gemm: %s has %d elements, want at least %d for %d×%d with leading dimension %d",
			name, length, (rows-1)*ld+cols, rows, cols, ld))
	}
}

// gemmKernel is a level's inner part of the product: a tile of C that is held
// in registers while a column of A and a row of B stream past. Which memory is
// gone through in which order, [product] decides.
type gemmKernel[T float] struct {
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

// packSlack is how far behind the panels they write, see gemmKernel: less than a
// vector.
const packSlack = 16

// strip is a part of C as high as a tile: a panel of A, [k][rows], by panels of B,
// each [k][nr]. Row i of C is c[i*ldc:][:cols]. Every element is set to alpha·A·B,
// or that is added to it: it is summed over k in order, starting from zero, and
// meets C and alpha once at the end.
type strip[T float] struct {
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
type lines[T float] struct {
	at                       *T
	step, apart, leap, tiles int
}

// depth returns how many elements of a sum over k are added up at a time. This is
// what the order of summation depends on.
func (g *gemmKernel[T]) depth(k int) int {
	blocks := (k-1)/g.kc + 1
	return min(k, roundUp((k-1)/blocks+1, 16))
}

func gemm[T float](g *gemmKernel[T], pool *bufferPool[T], transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	// The first block over k overwrites C or adds to it; that leaves only other
	// values of beta to be dealt with beforehand.
	accumulate := beta != 0
	if k == 0 || alpha == 0 {
		scaleMatrix(m, n, beta, c, ldc)
		return
	}
	if beta != 0 && beta != 1 {
		scaleMatrix(m, n, beta, c, ldc)
	}
	if m == 1 || n == 1 {
		gemv(g, pool, transA, transB, m, n, k, alpha, a, lda, b, ldb, c, ldc, accumulate)
		return
	}
	x := product[T]{gemmKernel: g, transA: transA, transB: transB, m: m, n: n, k: k,
		alpha: alpha, a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc, accumulate: accumulate, diagonal: n}
	x.compute(pool)
}

// corner returns the offset of op(X)[row, col].
func corner(trans bool, row, col, ld int) int {
	if trans {
		return col*ld + row
	}
	return row*ld + col
}

// gemv is gemm for a single row or column of C.
func gemv[T float](g *gemmKernel[T], pool *bufferPool[T], transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, c []T, ldc int, accumulate bool) {
	// With one row, C = x·op(B): y runs along n. With one column it runs down m,
	// and the roles of A and B are exchanged.
	length, incY := n, 1
	mat, ld, alongK := b, ldb, transB
	vec, incX := a, 1
	if transA {
		incX = lda
	}
	if n == 1 {
		length, incY = m, ldc
		mat, ld, alongK = a, lda, !transA
		vec, incX = b, ldb
		if transB {
			incX = 1
		}
	}
	kc := g.depth(k)
	var buf *buffers[T]
	if incX != 1 {
		buf = pool.get(kc, 0, 0)
		defer pool.put(buf)
	}
	for p := 0; p < k; p += kc {
		depth := min(kc, k-p)
		x := vec[p*incX:]
		if incX != 1 {
			for i := range depth {
				buf.a[i] = x[i*incX]
			}
			x = buf.a
		}
		x = x[:depth]
		if alongK {
			g.dots(length, alpha, mat[p:], ld, x, c, incY, accumulate || p > 0)
		} else {
			g.axpys(length, alpha, mat[p*ld:], ld, x, c, incY, accumulate || p > 0)
		}
	}
}

// scaleMatrix sets C = beta·C, without reading it if beta is 0.
func scaleMatrix[T float](m, n int, beta T, c []T, ldc int) {
	for i := range m {
		row := c[i*ldc:][:n]
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
