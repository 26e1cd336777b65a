package main

import (
	"fmt"
	"math/bits"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vectors is how many sums of tokens panel keeps: enough to hide the latency of a multiply-add.
const vectors = 8

// panel writes the product of 64 columns of rows under a bit mask with many tokens: for each weight
// there is, the row of a panel that it belongs to is added to the sums of the tokens. The panel stays
// in the first-level cache for all rows.
//
// The masks run far ahead of the multiply-adds, so that a loop of unknown length costs little.
func panel(v emit.Vec, f format) {
	width := vectors * v.Lanes
	name := "panel" + f.name + v.Level
	TEXT(name, NOSPLIT, "func(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)")
	Doc(fmt.Sprintf("%s adds the products of 64 columns with %d tokens:", name, width), "",
		"\tfor i < rows, bits p of the 64 in mask[i*stride:]:",
		fmt.Sprintf("\t\tfor t < %[1]d: c[i*%[1]d+t] += values[at[i]]*x[p*%[1]d+t]", width),
		"\t\tat[i] += size of a value")
	Pragma("noescape")
	rows := Load(Param("rows"), GP64())
	mask := Load(Param("mask"), GP64())
	stride := Load(Param("stride"), GP64())
	values := Load(Param("values"), GP64())
	at := emit.Pointer("at")
	x := Load(Param("x"), GP64())
	c := emit.Pointer("c")

	Label("row")
	TESTQ(rows, rows)
	JLE(LabelRef("done"))
	left := GP64()
	MOVQ(Mem{Base: mask}, left)
	TESTQ(left, left)
	JE(LabelRef("next"))
	value := Mem{Base: GP64()}
	MOVQ(at, value.Base)
	ADDQ(values, value.Base)
	sums := make([]VecVirtual, vectors)
	for i := range sums {
		sums[i] = v.Reg()
		v.Load(c.Offset(i*v.Bytes()), sums[i])
	}
	Label("weight")
	column, w := GP64(), v.Reg()
	TZCNTQ(left, column)
	SHLQ(U8(bits.TrailingZeros(uint(width*4))), column)
	f.broadcast(v, value, w)
	for i, sum := range sums {
		v.FMA(Mem{Base: x, Index: column, Scale: 1, Disp: i * v.Bytes()}, w, sum)
	}
	ADDQ(I8(f.size), value.Base)
	BLSRQ(left, left)
	JNE(LabelRef("weight"))
	for i, sum := range sums {
		v.Load(sum, c.Offset(i*v.Bytes()))
	}
	SUBQ(values, value.Base)
	MOVQ(value.Base, at)
	Label("next")
	ADDQ(stride, mask)
	ADDQ(I8(8), at.Base)
	ADDQ(I32(width*4), c.Base)
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	emit.Finish()
}

// broadcast fills w with one weight.
func (f format) broadcast(v emit.Vec, m Mem, w VecVirtual) {
	switch {
	case f.size == 4:
		VBROADCASTSS(m, w)
	case f.name == "BF16":
		VPBROADCASTW(m, w)
		VPSLLD(U8(16), w, w)
	case v.Level == "AVX512":
		VPBROADCASTW(m, w.AsY())
		VCVTPH2PS(w.AsY(), w)
	default:
		VPBROADCASTW(m, w.AsX())
		VCVTPH2PS(w.AsX(), w)
	}
}

// transpose writes the function that turns rows of as many elements as a vector has.
func transpose(v emit.Vec) {
	name := "transpose" + v.Suffix()
	TEXT(name, NOSPLIT, "func(n int, dst *float32, ldDst int, src *float32, ldSrc int)")
	Doc(fmt.Sprintf("%s transposes %d rows of n elements, a multiple of %d:", name, v.Lanes, v.Lanes), "",
		fmt.Sprintf("\tfor p < n, i < %d: dst[p*ldDst+i] = src[i*ldSrc+p]", v.Lanes))
	Pragma("noescape")
	n := Load(Param("n"), GP64())
	dst := emit.Pointer("dst")
	ld := Load(Param("ldDst"), GP64())
	SHLQ(U8(2), ld)
	source := emit.NewRows(v, v.Lanes, Load(Param("src"), GP64()), Load(Param("ldSrc"), GP64()))
	Label("loop")
	CMPQ(n, I8(v.Lanes))
	JLT(LabelRef("done"))
	for _, column := range source.Columns(0, nil) {
		v.Load(column, dst)
		ADDQ(ld, dst.Base)
	}
	source.Advance()
	SUBQ(I8(v.Lanes), n)
	JMP(LabelRef("loop"))
	Label("done")
	emit.Finish()
}
