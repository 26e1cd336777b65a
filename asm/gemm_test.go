package asm

import (
	"fmt"
	"math"
	"testing"
)

type gemmFunc[T Float] func(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

// gemmCase is one call with its operands.
type gemmCase[T Float] struct {
	transA, transB bool
	m, n, k        int
	alpha, beta    T
	padding        int // leading dimensions exceed the width by this
	offset         int // of every slice from an aligned address
}

func (g gemmCase[T]) String() string {
	return fmt.Sprintf("transA=%v transB=%v m=%d n=%d k=%d alpha=%v beta=%v padding=%d offset=%d",
		g.transA, g.transB, g.m, g.n, g.k, g.alpha, g.beta, g.padding, g.offset)
}

// gemmOn calls [Gemm] with matrices as they lie in memory.
func gemmOn[T Float](transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	Gemm(alpha, lying(transA, a, m, k, lda), lying(transB, b, k, n, ldb), beta, MatrixOf(c, m, n, ldc))
}

// lying returns the matrix [rows, cols] that lies in memory as it is or transposed.
func lying[T Float](trans bool, x []T, rows, cols, ld int) *Matrix[T] {
	if trans {
		return MatrixOf(x, cols, rows, ld).T()
	}
	return MatrixOf(x, rows, cols, ld)
}

// stored returns rows and columns as a matrix lies in memory.
func stored(trans bool, rows, cols int) (int, int) {
	if trans {
		return cols, rows
	}
	return rows, cols
}

// length is the number of elements of a matrix without padding after its last row.
func length(rows, cols, ld int) int {
	if rows == 0 || cols == 0 {
		return 0
	}
	return (rows-1)*ld + cols
}

// corner returns the offset of op(X)[row, col].
func corner(trans bool, row, col, ld int) int {
	if trans {
		return col*ld + row
	}
	return row*ld + col
}

// at returns op(X)[i, j].
func at[T Float](x []T, ld int, trans bool, i, j int) float64 {
	if trans {
		return float64(x[j*ld+i])
	}
	return float64(x[i*ld+j])
}

// run multiplies random matrices and compares with a sum in float64, element by
// element, and checks that nothing else is written.
func (g gemmCase[T]) run(t *testing.T, gemm gemmFunc[T], seed uint64) {
	t.Helper()
	r := newRand(seed)
	word := T(-777.25)
	rowsA, colsA := stored(g.transA, g.m, g.k)
	rowsB, colsB := stored(g.transB, g.k, g.n)
	lda, ldb, ldc := colsA+g.padding, colsB+g.padding, g.n+g.padding
	a := guard(length(rowsA, colsA, lda), g.offset, word)
	b := guard(length(rowsB, colsB, ldb), g.offset, word)
	c := guard(length(g.m, g.n, ldc), g.offset, word)
	fillNormal(r, a.data)
	fillNormal(r, b.data)
	fillNormal(r, c.data)
	before := append([]T(nil), c.data...)
	if g.beta == 0 {
		// It must not be read.
		for i := range c.data {
			c.data[i] = T(math.NaN())
		}
	}

	gemm(g.transA, g.transB, g.m, g.n, g.k, g.alpha, a.data, lda, b.data, ldb, g.beta, c.data, ldc)

	a.check(t, same, g.String()+": A")
	b.check(t, same, g.String()+": B")
	c.check(t, same, g.String()+": C")
	for i := range g.m {
		for j := range g.n {
			sum, size := 0.0, 0.0
			for p := range g.k {
				v := at(a.data, lda, g.transA, i, p) * at(b.data, ldb, g.transB, p, j)
				sum += v
				size += math.Abs(v)
			}
			old := float64(g.beta) * float64(before[i*ldc+j])
			want := float64(g.alpha)*sum + old
			// k roundings of the sum, and one each for alpha, beta and their sum.
			bound := float64(g.k+4) * 1.01 * unit[T]() * (math.Abs(float64(g.alpha))*size + math.Abs(old))
			got := float64(c.data[i*ldc+j])
			if !(math.Abs(got-want) <= bound) {
				t.Fatalf("%v: C[%d,%d] = %v, want %v, difference %g above the bound %g", g, i, j, got, want, math.Abs(got-want), bound)
			}
		}
		for j := g.n; j < ldc && i*ldc+j < len(c.data); j++ {
			if v := c.data[i*ldc+j]; v != before[i*ldc+j] && (g.beta != 0 || v == v) {
				t.Fatalf("%v: wrote %v between rows, at C[%d,%d]", g, v, i, j)
			}
		}
	}
}

// tails are sizes around multiples of a tile's side.
func tails(tile int) []int {
	sizes := []int{1, 2, 3, tile + 1, 2*tile - 1, 2*tile + 1}
	if tile > 4 {
		sizes = append(sizes, tile/2, tile-1, tile)
	}
	return sizes
}

func testGemm[T Float](t *testing.T, g gemmKernels[T], gemm gemmFunc[T]) {
	seed := uint64(0)
	for _, m := range tails(g.mr) {
		for _, n := range tails(g.nr) {
			for _, k := range []int{1, 2, 3, 4, 5, 8, 13} {
				for trans := range 4 {
					seed++
					c := gemmCase[T]{transA: trans&1 != 0, transB: trans&2 != 0, m: m, n: n, k: k, alpha: 1,
						padding: int(seed % 3), offset: int(seed % 5)}
					switch seed % 4 {
					case 1:
						c.beta = 1
					case 2:
						c.alpha, c.beta = -0.75, 1
					case 3:
						c.alpha, c.beta = 1.5, 0.3
					}
					c.run(t, gemm, seed)
				}
			}
		}
	}
	// Across the borders of the cache blocks.
	for _, s := range [][3]int{
		{1, 5, g.kc + 1}, {5, 1, 2*g.kc + 3}, {2, 3, g.kc - 1}, {3, 2, g.kc}, {g.mr + 1, g.nr + 1, 2*g.kc + 1},
		{g.mc + 1, 3, 5}, {2, g.nc + 1, 3}, {1, 300, 7}, {300, 1, 7}, {37, 41, 43},
		{6*g.mr + 5, 2*g.nc + 3, 20}, {5*g.mr - 1, g.nc + g.nr, g.kc + 7},
	} {
		for trans := range 4 {
			seed++
			gemmCase[T]{transA: trans&1 != 0, transB: trans&2 != 0, m: s[0], n: s[1], k: s[2],
				alpha: 1, beta: T(trans % 2), padding: trans}.run(t, gemm, seed)
		}
	}
	// Nothing to sum, nothing to write.
	for _, s := range [][3]int{{0, 0, 0}, {0, 3, 4}, {3, 0, 4}, {3, 4, 0}} {
		for _, beta := range []T{0, 1, 0.5} {
			gemmCase[T]{m: s[0], n: s[1], k: s[2], alpha: 1, beta: beta}.run(t, gemm, seed)
		}
	}
}

func TestGemm(t *testing.T) {
	onLevels(t, func(t *testing.T) { testGemm(t, current.Load().gemm32, gemmOn[float32]) })
}

func TestGemm64(t *testing.T) {
	onLevels(t, func(t *testing.T) { testGemm(t, current.Load().gemm64, gemmOn[float64]) })
}

// An element of C must not depend on how the caller cuts C into calls.
func testGemmPartition[T Float](t *testing.T, g gemmKernels[T], gemm gemmFunc[T]) {
	r := newRand(7)
	for trial := range 60 {
		m, n := 1+r.IntN(3*g.mr), 1+r.IntN(3*g.nr)
		if trial%10 == 0 {
			n += g.nc
		}
		k := []int{1, 17, g.kc, g.kc + 1, 2*g.kc + 5}[trial%5]
		transA, transB := r.IntN(2) == 1, r.IntN(2) == 1
		alpha, beta := T(1), T(trial%2)
		if trial%3 == 0 {
			alpha, beta = 0.7, T([]float64{0, 1, -1.3}[r.IntN(3)])
		}
		rowsA, lda := stored(transA, m, k)
		rowsB, ldb := stored(transB, k, n)
		a, b := make([]T, rowsA*lda), make([]T, rowsB*ldb)
		whole := make([]T, m*n)
		fillNormal(r, a)
		fillNormal(r, b)
		fillNormal(r, whole)
		parts := append([]T(nil), whole...)
		gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, whole, n)
		for i := 0; i < m; {
			rows := 1 + r.IntN(min(m-i, 1+r.IntN(m)))
			for j := 0; j < n; {
				cols := 1 + r.IntN(min(n-j, 1+r.IntN(n)))
				gemm(transA, transB, rows, cols, k, alpha, a[corner(transA, i, 0, lda):], lda,
					b[corner(transB, 0, j, ldb):], ldb, beta, parts[i*n+j:], n)
				j += cols
			}
			i += rows
		}
		for i := range whole {
			if whole[i] != parts[i] {
				t.Fatalf("m=%d n=%d k=%d transA=%v transB=%v alpha=%v beta=%v: C[%d,%d] is %v computed in parts, %v as a whole",
					m, n, k, transA, transB, alpha, beta, i/n, i%n, parts[i], whole[i])
			}
		}
	}
}

func TestGemmPartition(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testGemmPartition(t, current.Load().gemm32, gemmOn[float32]) })
		t.Run("float64", func(t *testing.T) { testGemmPartition(t, current.Load().gemm64, gemmOn[float64]) })
	})
}

// A product with itself transposed is exactly symmetric.
func TestGemmGramSymmetric(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		const n, c = 321, 45
		x, h := make([]float32, n*c), make([]float32, c*c)
		fillNormal(newRand(3), x)
		gemmOn(true, false, c, c, n, 1, x, c, x, c, 0, h, c)
		for i := range c {
			for j := range i {
				if h[i*c+j] != h[j*c+i] {
					t.Fatalf("element [%d,%d] is %v, its mirror image %v", i, j, h[i*c+j], h[j*c+i])
				}
			}
		}
	})
}

func TestGemmSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	onLevels(t, func(t *testing.T) {
		// A poisoned row of A spoils its row of C and no other, also across tiles.
		const m, n, k = 30, 70, 20
		for _, bad := range []float32{nan, inf} {
			a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			fillNormal(newRand(1), a)
			fillNormal(newRand(2), b)
			a[13*k+7] = bad
			gemmOn(false, false, m, n, k, 1, a, k, b, n, 0, c, n)
			for i, v := range c {
				if finite := v-v == 0; finite == (i/n == 13) {
					t.Fatalf("%v in row 13 of A: C[%d,%d] = %v", bad, i/n, i%n, v)
				}
			}
		}
		// alpha 0: the operands are not looked at.
		c := []float32{1, 2, 3, 4}
		poison := []float32{nan, nan, nan, nan}
		gemmOn(false, false, 2, 2, 2, 0, poison, 2, poison, 2, 2, c, 2)
		if want := [4]float32{2, 4, 6, 8}; [4]float32(c) != want {
			t.Errorf("alpha 0, beta 2: got %v, want %v", c, want)
		}
	})
}

func TestGemmPanics(t *testing.T) {
	x := make([]float32, 12)
	for _, tc := range []struct {
		name string
		call func()
	}{
		{"negative size", func() { gemmOn(false, false, -1, 2, 3, 1, x, 3, x, 2, 0, x, 2) }},
		{"short A", func() { gemmOn(false, false, 2, 2, 3, 1, x[:5], 3, x, 2, 0, x, 2) }},
		{"short B", func() { gemmOn(false, true, 2, 2, 3, 1, x, 3, x[:5], 3, 0, x, 2) }},
		{"short C", func() { gemmOn(false, false, 2, 2, 3, 1, x, 3, x, 2, 0, x[:3], 2) }},
		{"small lda", func() { gemmOn(true, false, 3, 2, 2, 1, x, 2, x, 2, 0, x, 2) }},
		{"small ldb", func() { gemmOn(false, true, 2, 2, 3, 1, x, 3, x, 2, 0, x, 2) }},
		{"inner sizes", func() { Gemm(1, MatrixOf(x, 2, 3, 3), MatrixOf(x, 2, 2, 2), 0, MatrixOf(x, 2, 2, 2)) }},
		{"size of C", func() { Gemm(1, MatrixOf(x, 2, 3, 3), MatrixOf(x, 3, 2, 2), 0, MatrixOf(x, 2, 1, 2)) }},
		{"transposed C", func() { Gemm(1, MatrixOf(x, 2, 3, 3), MatrixOf(x, 3, 2, 2), 0, MatrixOf(x, 2, 2, 2).T()) }},
		{"small ldc", func() { gemmOn(false, false, 2, 2, 3, 1, x, 3, x, 2, 0, x, 1) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			tc.call()
		})
	}
}

func TestGemmAllocatesNothing(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		x, c := make([]float32, 100*100), make([]float32, 100*100)
		for _, m := range []int{1, 100} {
			if n := testing.AllocsPerRun(10, func() {
				gemmOn(true, true, m, 100, 100, 1, x, 100, x, 100, 0, c, 100)
			}); n != 0 {
				t.Errorf("%d rows: %v allocations per call, want 0", m, n)
			}
		}
	})
}

// TestSkinnyProducts: every number of rows that decoding a few texts at a time may have, and as many
// columns the other way round, over the borders of tiles and of blocks of k, each from any address.
func TestSkinnyProducts(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		seed := uint64(1 << 20)
		for rows := 1; rows <= 16; rows++ {
			for _, s := range [][2]int{{1, 1}, {7, 3}, {33, 16}, {64, 65}, {129, 31}, {40, 300}} {
				for trans := range 4 {
					seed++
					c := gemmCase[float32]{transA: trans&1 != 0, transB: trans&2 != 0, m: rows, n: s[0], k: s[1],
						alpha: 1, beta: float32(seed % 2), padding: int(seed % 3), offset: int(seed % 7)}
					c.run(t, gemmOn[float32], seed)
					c.m, c.n = c.n, c.m
					c.run(t, gemmOn[float32], seed)
				}
			}
		}
	})
}

// FuzzGemm looks for sizes, paddings and offsets that a kernel gets wrong.
func FuzzGemm(f *testing.F) {
	f.Add(uint16(1), uint16(1), uint16(1), uint8(0), uint8(0), uint64(1))
	f.Add(uint16(13), uint16(33), uint16(257), uint8(3), uint8(17), uint64(2))
	f.Add(uint16(1), uint16(47), uint16(300), uint8(2), uint8(4), uint64(3))
	f.Add(uint16(40), uint16(1), uint16(19), uint8(1), uint8(255), uint64(4))
	f.Fuzz(func(t *testing.T, m, n, k uint16, trans, shape uint8, seed uint64) {
		for _, level := range Levels() {
			withLevel(t, level)
			alphas := []float32{1, -0.5, 3}
			betas := []float32{0, 1, 0.25}
			c := gemmCase[float32]{
				transA: trans&1 != 0, transB: trans&2 != 0,
				m: int(m % 100), n: int(n % 100), k: int(k % 600),
				alpha: alphas[shape%3], beta: betas[shape/3%3],
				padding: int(shape / 9 % 5), offset: int(shape / 45 % 5),
			}
			c.run(t, gemmOn[float32], seed)
			gemmCase[float64]{
				transA: c.transA, transB: c.transB, m: c.m, n: c.n, k: c.k,
				alpha: float64(c.alpha), beta: float64(c.beta), padding: c.padding, offset: c.offset,
			}.run(t, gemmOn[float64], seed)
		}
	})
}
