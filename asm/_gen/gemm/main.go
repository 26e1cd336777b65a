// Command gemm writes the micro-kernels of the matrix product.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	// unroll is how many steps over k one turn of the loop makes.
	unroll = 4

	// early is how many turns before the end the tile of C is sent for: it takes
	// longer to come than a turn, and would be driven out again by A and B if it
	// came much too soon.
	early = 16
)

func main() {
	emit.Begin()
	// rows·2 sums, two vectors of B and some broadcast elements of A fill the 32
	// (AVX2: 16) registers. Each step loads 2 vectors and as many elements as
	// there are rows for 2·rows multiply-adds, so the arithmetic units decide the
	// speed, even with half as many rows.
	for rows := 13; rows > 0; rows-- {
		tile(emit.F32AVX512, rows)
	}
	for rows := 13; rows > 0; rows-- {
		tile(emit.F64AVX512, rows)
	}
	for rows := 6; rows > 0; rows-- {
		tile(emit.F32AVX2, rows)
	}
	for rows := 6; rows > 0; rows-- {
		tile(emit.F64AVX2, rows)
	}
	Generate()
}

// tile writes the kernel for a number of rows by two vectors of columns.
func tile(v emit.Vec, rows int) {
	masked := v.Level == "AVX512"
	t := &tileKernel{Vec: v, rows: rows, nr: 2 * v.Lanes}
	name := fmt.Sprintf("tile%dx%d%s", rows, t.nr, v.Suffix())
	upTo, params := fmt.Sprint(t.nr), "ldc int"
	if masked {
		upTo, params = "cols", "ldc, cols int"
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(k int, alpha %[1]s, a, b, c *%[1]s, %[2]s, accumulate bool, soon *%[1]s, step, apart int)", v.Type, params))
	Doc(
		fmt.Sprintf("%s multiplies a packed panel a [k][%d] by a packed panel b [k][%d]:", name, rows, t.nr),
		"",
		fmt.Sprintf("\tfor i < %d, j < %s:", rows, upTo),
		"\t\tsum := 0",
		"\t\tfor p < k: sum = fma(a[p][i], b[p][j], sum)",
		"\t\tif accumulate: c[i*ldc+j] = fma(alpha, sum, c[i*ldc+j])",
		"\t\telse:          c[i*ldc+j] = alpha*sum",
		"",
		fmt.Sprintf("At every %dth step over k it asks for the cache lines at soon and soon+apart and", unroll),
		"moves soon on by step; these are bytes.",
	)
	Pragma("noescape")
	t.a = Mem{Base: Load(Param("a"), GP64())}
	t.b = Mem{Base: Load(Param("b"), GP64())}
	t.c = Mem{Base: Load(Param("c"), GP64())}
	t.ldc = Load(Param("ldc"), GP64())
	SHLQ(U8(v.Shift()), t.ldc)
	t.multiply()

	address, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	t.alpha = v.Reg()
	v.Bcast(address.Addr, t.alpha)
	accumulate := Load(Param("accumulate"), GP8())
	if masked {
		n := Load(Param("cols"), GP64())
		CMPQ(n, I8(t.nr))
		JGE(LabelRef("whole"))
		low, high := v.NewMask(n), v.NewMask(n)
		KSHIFTRQ(U8(v.Lanes), high.Bits(), high.Bits())
		t.finish("narrow", accumulate, []*emit.Mask{low, high})
		Label("whole")
	}
	t.finish("whole", accumulate, nil)
}

// tileKernel is a kernel in the making.
type tileKernel struct {
	emit.Vec
	rows, nr int
	a, b, c  Mem
	ldc      Register // in bytes
	sums     [][2]VecVirtual
	alpha    VecVirtual
}

// multiply writes the loop over k.
func (t *tileKernel) multiply() {
	k := Load(Param("k"), GP64())
	soon := Mem{Base: Load(Param("soon"), GP64())}
	soon.Index, soon.Scale = Load(Param("apart"), GP64()), 1
	step := Load(Param("step"), GP64())
	for range t.rows {
		var s [2]VecVirtual
		for j := range s {
			s[j] = t.Reg()
			t.Zero(s[j], s[j], s[j])
		}
		t.sums = append(t.sums, s)
	}

	turns, last := GP64(), GP64() // last: turns left when C is sent for
	MOVQ(k, turns)
	SHRQ(U8(2), turns)
	ANDQ(I8(unroll-1), k)
	MOVQ(I32(early), last)
	CMPQ(turns, last)
	CMOVQLT(turns, last)
	SUBQ(last, turns)
	JZ(LabelRef("send"))

	emit.AlignLoop()
	Label("turn")
	for p := range unroll {
		t.step(p)
	}
	PREFETCHT1(Mem{Base: soon.Base})
	PREFETCHT1(soon)
	ADDQ(step, soon.Base)
	t.advance(unroll)
	DECQ(turns)
	JNZ(LabelRef("turn"))

	Label("send")
	row := Mem{Base: GP64()}
	MOVQ(t.c.Base, row.Base)
	for i := range t.rows {
		PREFETCHT0(row)
		if t.nr*t.Size > 64 {
			PREFETCHT0(row.Offset(t.nr*t.Size - t.Size))
		}
		if i+1 < t.rows {
			ADDQ(t.ldc, row.Base)
		}
	}
	// The turns that are left, once.
	XCHGQ(turns, last)
	TESTQ(turns, turns)
	JNZ(LabelRef("turn"))

	TESTQ(k, k)
	JZ(LabelRef("finish"))
	Label("rest")
	t.step(0)
	t.advance(1)
	DECQ(k)
	JNZ(LabelRef("rest"))
	Label("finish")
}

func (t *tileKernel) step(p int) {
	b0, b1 := t.Reg(), t.Reg()
	t.Load(t.b.Offset(p*t.nr*t.Size), b0)
	t.Load(t.b.Offset(p*t.nr*t.Size+t.Bytes()), b1)
	for i := range t.sums {
		x := t.Reg()
		t.Bcast(t.a.Offset((p*t.rows+i)*t.Size), x)
		t.FMA(x, b0, t.sums[i][0])
		t.FMA(x, b1, t.sums[i][1])
	}
}

func (t *tileKernel) advance(steps int) {
	ADDQ(I32(steps*t.rows*t.Size), t.a.Base)
	ADDQ(I32(steps*t.nr*t.Size), t.b.Base)
}

// finish writes the sums to C, the selected ones if there are masks.
func (t *tileKernel) finish(label string, accumulate Register, masks []*emit.Mask) {
	forAll := func(store func(j int, sum VecVirtual, at Mem)) {
		for i := range t.sums {
			for j, sum := range t.sums[i] {
				store(j, sum, t.c.Offset(j*t.Bytes()))
			}
			if i+1 < t.rows {
				ADDQ(t.ldc, t.c.Base)
			}
		}
		VZEROUPPER()
		RET()
	}
	write := func(j int, sum VecVirtual, at Mem) {
		if masks != nil {
			masks[j].Store(sum, at)
		} else {
			t.Load(sum, at)
		}
	}
	TESTB(accumulate, accumulate)
	JE(LabelRef(label + "Overwrite"))
	forAll(func(j int, sum VecVirtual, at Mem) {
		if masks != nil {
			t.FMA2(masks[j].Load(at), t.alpha, sum)
		} else {
			t.FMA2(at, t.alpha, sum)
		}
		write(j, sum, at)
	})
	Label(label + "Overwrite")
	forAll(func(j int, sum VecVirtual, at Mem) {
		t.Mul(t.alpha, sum, sum)
		write(j, sum, at)
	})
}
