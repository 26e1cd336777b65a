// Command gemm writes the micro-kernels of the matrix product.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	emit.Begin()
	// rows·2 sums, two vectors of B and some broadcast elements of A fill the 32
	// (AVX2: 16) registers. Each step loads 2 vectors and as many elements as
	// there are rows for 2·rows multiply-adds, so the arithmetic units decide the
	// speed, even with half as many rows.
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F64AVX512, emit.F32AVX2, emit.F64AVX2} {
		for rows := most(v); rows > 0; rows-- {
			strip(v, rows)
		}
	}
	Generate()
}

// most returns the rows of the highest tile.
func most(v emit.Vec) int {
	if v.Level == "AVX512" {
		return 13
	}
	return 6
}

// strip writes the kernel for a number of rows: tiles of two vectors of columns,
// one after the other.
func strip(v emit.Vec, rows int) {
	t := &kernel{Vec: v, rows: rows, nr: 2 * v.Lanes, masked: v.Level == "AVX512", inPlace: v.Level == "AVX2"}
	name := fmt.Sprintf("strip%dx%d%s", rows, t.nr, v.Suffix())
	TEXT(name, NOSPLIT, fmt.Sprintf("func(cols, k int, alpha %[1]s, a, b, c *%[1]s, ldc int, accumulate bool, "+
		"fromA *%[1]s, lda int, fromB *%[1]s, ldb int, soon *%[1]s, step, apart, leap, fetch int)", v.Type))
	width := fmt.Sprintf("a multiple of %d", t.nr)
	if t.masked {
		width = "any number"
	}
	fromA := "With fromA it packs the panel of A meanwhile, a[p][i] = fromA[i*lda+p]. With fromB"
	if t.inPlace {
		fromA = "With fromA it reads A there instead, a[p][i] = fromA[i*lda+p]. With fromB"
	}
	Doc(
		fmt.Sprintf("%s multiplies a packed panel a [k][%d] by packed panels b [k][%d] for", name, rows, t.nr),
		fmt.Sprintf("cols columns, %s:", width),
		"",
		fmt.Sprintf("\tfor i < %d, j < cols:", rows),
		"\t\tsum := 0",
		fmt.Sprintf("\t\tfor p < k: sum = fma(a[p][i], b[j/%[1]d][p][j%%%[1]d], sum)", t.nr),
		"\t\tif accumulate: c[i*ldc+j] = fma(alpha, sum, c[i*ldc+j])",
		"\t\telse:          c[i*ldc+j] = alpha*sum",
		"",
		fromA,
		fmt.Sprintf("it packs those of B, b[q][p][j] = fromB[p*ldb+q*%d+j]; cols is a multiple of %[1]d", t.nr),
		"then. Not both.",
		"",
		fmt.Sprintf("At every %dth step over k it asks for the cache lines at soon and soon+apart and", unroll),
		fmt.Sprintf("moves soon on by step; after every %d columns soon starts again, leap further, and", t.nr),
		"rests after fetch times. These are bytes.",
	)
	Pragma("noescape")
	t.write()
}

// kernel is a kernel in the making.
type kernel struct {
	emit.Vec
	rows, nr int
	masked   bool // columns need not be whole tiles
	inPlace  bool // A is read where it lies, and not packed on the way
	a, b     Mem
	sums     [][2]VecVirtual

	// What changes from tile to tile and is not needed in loops over k: on the
	// stack.
	c, cols, fromA, fromB, soon, step, apart, fetch Mem
}

// local returns a place on the stack that holds a parameter at first.
func local(name string) Mem {
	m := AllocLocal(8)
	MOVQ(Load(Param(name), GP64()), m)
	return m
}

// write writes the loop over tiles.
func (t *kernel) write() {
	t.c, t.cols = local("c"), local("cols")
	t.fromA, t.fromB = local("fromA"), local("fromB")
	t.soon, t.step, t.apart, t.fetch = local("soon"), local("step"), local("apart"), local("fetch")
	t.b = emit.Pointer("b")
	t.a = Mem{Base: GP64()}

	Label("tile")
	Load(Param("a"), t.a.Base)
	t.sums = nil
	for range t.rows {
		var s [2]VecVirtual
		for j := range s {
			s[j] = t.Reg()
			t.Zero(s[j], s[j], s[j])
		}
		t.sums = append(t.sums, s)
	}
	CMPQ(t.fromA, I8(0))
	JNE(LabelRef("fromA"))
	CMPQ(t.fromB, I8(0))
	JNE(LabelRef("packB"))
	t.multiply()

	Label("finish")
	t.finish()

	Label("next")
	ADDQ(I32(t.nr*t.Size), t.c)
	t.advanceSoon()
	SUBQ(I32(t.nr), t.cols)
	JG(LabelRef("tile"))
	emit.Finish()

	Label("fromA")
	if t.inPlace {
		t.readA()
	} else {
		t.packA()
	}
	JMP(LabelRef("finish"))

	Label("packB")
	t.packB()
	JMP(LabelRef("finish"))
}

// advanceSoon moves what is to be fetched on to the next tile.
func (t *kernel) advanceSoon() {
	DECQ(t.fetch)
	JLE(LabelRef("enough"))
	leap := Load(Param("leap"), GP64())
	ADDQ(leap, t.soon)
	JMP(LabelRef("more"))
	Label("enough")
	MOVQ(U32(0), t.step)
	MOVQ(U32(0), t.apart)
	Label("more")
}
