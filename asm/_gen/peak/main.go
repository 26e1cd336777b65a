// Command peak writes the loops that find out what a core can do at most: fused
// multiply-adds that stay in registers, and reading memory.
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
	// A core of today has to have 8 to 10 multiply-adds in flight to be busy.
	multiplyAdd(emit.F32AVX512, 24)
	multiplyAdd(emit.F64AVX512, 24)
	multiplyAdd(emit.F32AVX2, 12)
	multiplyAdd(emit.F64AVX2, 12)
	read(emit.F32AVX512)
	read(emit.F32AVX2)
	Generate()
}

// multiplyAdd writes the loop over so many registers.
func multiplyAdd(v emit.Vec, registers int) {
	name := "multiplyAdd" + v.Suffix()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(turns int, a, b %s)", v.Type))
	Doc(
		fmt.Sprintf("%s computes in %d registers x of %d elements, zero at first:", name, registers, v.Lanes),
		"",
		"\tfor range turns:",
		fmt.Sprintf("\t\tfor i < %d: x[i] = fma(a, x[i], b)", registers),
	)
	turns := Load(Param("turns"), GP64())
	a, b := emit.Scalar(v, "a"), emit.Scalar(v, "b")
	x := make([]VecVirtual, registers)
	for i := range x {
		x[i] = v.Reg()
		v.Zero(x[i], x[i], x[i])
	}
	Label("turn")
	TESTQ(turns, turns)
	JLE(LabelRef("done"))
	for i := range x {
		v.FMA2(b, a, x[i])
	}
	DECQ(turns)
	JMP(LabelRef("turn"))
	Label("done")
	emit.Finish()
}

// lineBytes is the size of a line of the caches, stepLines how many the loop
// reads of each half in one turn.
const (
	lineBytes = 64
	stepLines = 4
)

// read writes the loop that reads memory: both halves side by side, since that
// keeps more of the prefetchers busy than one run through the whole.
func read(v emit.Vec) {
	xor := v.Zero // that is the instruction's name, and what else it is good for
	name := "read" + v.Suffix()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(x *%s, lines int) uint32", v.Type))
	Doc(
		fmt.Sprintf("%s reads 2·lines·%d elements, lines being a multiple of %d:", name, lineBytes/v.Size, stepLines),
		"",
		"\tbits := 0",
		fmt.Sprintf("\tfor i < 2*lines*%d: bits ^= x[i]", lineBytes/v.Size),
	)
	Pragma("noescape")
	low := Load(Param("x"), GP64())
	lines := Load(Param("lines"), GP64())
	high := GP64()
	MOVQ(lines, high)
	SHLQ(U8(6), high) // lineBytes
	ADDQ(low, high)

	var sums [8]VecVirtual
	for i := range sums {
		sums[i] = v.Reg()
		v.Zero(sums[i], sums[i], sums[i])
	}
	Label("turn")
	CMPQ(lines, I8(stepLines))
	JLT(LabelRef("done"))
	next := 0
	for offset := 0; offset < stepLines*lineBytes; offset += v.Bytes() {
		for _, half := range []Register{low, high} {
			sum := sums[next%len(sums)]
			xor(Mem{Base: half, Disp: offset}, sum, sum)
			next++
		}
	}
	ADDQ(I32(stepLines*lineBytes), low)
	ADDQ(I32(stepLines*lineBytes), high)
	SUBQ(I8(stepLines), lines)
	JMP(LabelRef("turn"))

	Label("done")
	for _, sum := range sums[1:] {
		xor(sum, sums[0], sums[0])
	}
	bits := GP32()
	VMOVD(v.Reduce(sums[0], v.Size, xor), bits)
	VZEROUPPER()
	Store(bits, ReturnIndex(0))
	RET()
}
