package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lineBytes is the size of a line of the caches; valuesAhead is how far kernels for a single vector ask
// for those with values to come.
const (
	lineBytes   = 64
	valuesAhead = 2048
)

// kernel is what most kernels have in common: a loop over rows, in which a sum per token and slot grows
// along the columns.
type kernel struct {
	v      emit.Vec
	tokens int
	x      []Mem // of each token, moving along
	base   Register
	sums   [][]VecVirtual // [slot][token]
}

// slots is how many sums there are for a row and a vector, to hide the latency of a multiply-add.
// Columns go to them in turn, whatever the number of vectors: AVX2 has no registers for more.
func slots(v emit.Vec) int {
	if v.Level == "AVX512" {
		return 4
	}
	return 2
}

// rows writes the loop. body is what happens in a row.
func rows(v emit.Vec, tokens int, body func(k *kernel)) {
	count := Load(Param("rows"), GP64())
	k := &kernel{v: v, tokens: tokens, base: GP64()}
	ld := Load(Param("ldx"), GP64())
	SHLQ(U8(2), ld)
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	k.x = fourApart(k.base, ld, ld3)[:tokens]
	y := emit.Pointer("y")
	for range slots(v) {
		var sums []VecVirtual
		for range tokens {
			sums = append(sums, v.Reg())
		}
		k.sums = append(k.sums, sums)
	}

	Label("row")
	TESTQ(count, count)
	JLE(LabelRef("done"))
	Load(Param("x"), k.base)
	for _, sums := range k.sums {
		for _, s := range sums {
			v.Zero(s, s, s)
		}
	}
	body(k)
	for i := len(k.sums) - 1; i > 0; i-- {
		for t := range tokens {
			v.Add(k.sums[i][t], k.sums[i-1][t], k.sums[i-1][t])
		}
	}
	at := GP64()
	MOVQ(y.Base, at)
	ldy := GP64()
	if tokens > 1 {
		Load(Param("ldy"), ldy)
	}
	for t := range tokens {
		sum := total(v, k.sums[0][t])
		VMOVSS(sum, Mem{Base: at})
		if t+1 < tokens {
			LEAQ(Mem{Base: at, Index: ldy, Scale: 4}, at)
		}
	}
	ADDQ(I8(4), y.Base)
	DECQ(count)
	JMP(LabelRef("row"))
	Label("done")
	emit.Finish()
}

// add adds weights times the inputs that lie that many columns on.
func (k *kernel) add(w VecVirtual, slot, column int) {
	for t, x := range k.x {
		k.v.FMA(x.Offset(4*column), w, k.sums[slot%slots(k.v)][t])
	}
}

// advance moves the inputs on.
func (k *kernel) advance(columns int) { ADDQ(I32(4*columns), k.base) }

// begin writes the head of a kernel that [rows] goes on with.
func begin(layout string, v emit.Vec, f format, tokens int, params string, doc ...string) {
	name := fmt.Sprintf("%s%sx%d%s", layout, f.name, tokens, v.Level)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(rows, k int, %s *byte, x *float32, ldx int, y *float32, ldy int)", params))
	Doc(append([]string{fmt.Sprintf("%s multiplies stored rows by %d padded vectors:", name, tokens), "",
		fmt.Sprintf("\tfor i < rows, t < %d:", tokens)}, doc...)...)
	Pragma("noescape")
}

// except says which columns a kernel leaves to others.
func except(v emit.Vec, columns int) string {
	if v.Level == "AVX512" {
		return ""
	}
	return fmt.Sprintf(", but for the last k%%%d columns", columns)
}

// fourApart returns what is at a pointer and one, two and three times a distance on.
func fourApart(base, distance, thrice Register) []Mem {
	return []Mem{{Base: base}, {Base: base, Index: distance, Scale: 1}, {Base: base, Index: distance, Scale: 2}, {Base: base, Index: thrice, Scale: 1}}
}

// loopColumns writes a loop that does a vector of columns for each slot, and then one at a time, until
// less are left.
func loopColumns(left Register, slots, columns int, do func(slot int), advance func(columns int)) {
	Label("block")
	CMPQ(left, I32(slots*columns))
	JLT(LabelRef("single"))
	for slot := range slots {
		do(slot)
	}
	advance(slots * columns)
	SUBQ(I32(slots*columns), left)
	JMP(LabelRef("block"))
	Label("single")
	CMPQ(left, I32(columns))
	JLT(LabelRef("tail"))
	do(0)
	advance(columns)
	SUBQ(I32(columns), left)
	JMP(LabelRef("single"))
	Label("tail")
}

// total adds up the lanes, as [emit.Vec.Reduce] does, in any register.
func total(v emit.Vec, sum VecVirtual) Register {
	if v.Level != "AVX512" {
		return v.Reduce(sum, 4, VADDPS)
	}
	other := ZMM()
	VEXTRACTF64X4(U8(1), sum, other.AsY())
	VADDPS(other.AsY(), sum.AsY(), sum.AsY())
	VEXTRACTF32X4(U8(1), sum.AsY(), other.AsX())
	VADDPS(other.AsX(), sum.AsX(), sum.AsX())
	for _, order := range []uint8{0x4e, 0xb1} {
		VPERMILPS(U8(order), sum.AsX(), other.AsX())
		VADDPS(other.AsX(), sum.AsX(), sum.AsX())
	}
	return sum.AsX()
}
