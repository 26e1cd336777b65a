package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// bitmaskDoc adds what has to be known of x to a formula.
func bitmaskDoc(v emit.Vec, f format, sum string) string {
	if v.Level == "AVX512" && f.name == "BF16" {
		return sum + ", x in the order of unzip"
	}
	return sum
}

// bitmask writes the product of rows under a bit mask and some vectors.
func bitmask(v emit.Vec, f format, tokens int) {
	begin("bitmask", v, f, tokens, "mask, values",
		bitmaskDoc(v, f, "\t\ty[t*ldy+i] = Σ (the next of values)*x[t*ldx+p] over the bits p of row i of mask"))
	row := &bitRow{v: v, f: f, mask: emit.Pointer("mask"), values: emit.Pointer("values")}
	row.prepare()
	rows(v, tokens, func(k *kernel) {
		left := Load(Param("k"), GP64())
		Label("block")
		for i := range maskColumns / row.columns() {
			for j, w := range row.spread(i) {
				column := i*row.columns() + j*v.Lanes
				k.add(w, column/v.Lanes, column)
			}
		}
		ADDQ(I8(maskColumns/8), row.mask.Base)
		k.advance(maskColumns)
		SUBQ(I8(maskColumns), left)
		JG(LabelRef("block"))
	})
}

// bitmaskWiden writes the conversion of a row to float32, with its zeros.
func bitmaskWiden(v emit.Vec, f format) {
	TEXT("bitmaskWiden"+f.name+v.Level, NOSPLIT, "func(blocks int, mask, values *byte, dst *float32)")
	Doc("bitmaskWiden"+f.name+v.Level+" puts stored weights where they belong:", "",
		fmt.Sprintf("\tfor p < %d*blocks: dst[p] = the next of values if bit p of mask is set, or else 0", maskColumns))
	Pragma("noescape")
	blocks := Load(Param("blocks"), GP64())
	row := &bitRow{v: v, f: f, ordered: true, mask: emit.Pointer("mask"), values: emit.Pointer("values")}
	row.prepare()
	dst := emit.Pointer("dst")
	Label("block")
	TESTQ(blocks, blocks)
	JLE(LabelRef("done"))
	for i := range maskColumns / row.columns() {
		for j, w := range row.spread(i) {
			v.Load(w, dst.Offset(4*(i*row.columns()+j*v.Lanes)))
		}
	}
	ADDQ(I8(maskColumns/8), row.mask.Base)
	ADDQ(I32(4*maskColumns), dst.Base)
	DECQ(blocks)
	JMP(LabelRef("block"))
	Label("done")
	emit.Finish()
}

// bitmaskPairs is bitmask for one vector and both halves of the rows side by side: they share the
// inputs, and the wait for one fills that for the other.
func bitmaskPairs(v emit.Vec, f format, narrow bool) {
	pairsHead(v, f, narrow)
	count := Load(Param("rows"), GP64())
	var later []func()
	both := bitRowPair(v, f, narrow, count, &later)
	x := Mem{Base: GP64()}
	y := emit.Pointer("y")
	half := GP64()
	MOVQ(count, half)
	sums := make([][2]VecVirtual, slots(v))
	for i := range sums {
		sums[i] = [2]VecVirtual{v.Reg(), v.Reg()}
	}

	Label("row")
	TESTQ(count, count)
	JLE(LabelRef("done"))
	Load(Param("x"), x.Base)
	left := Load(Param("k"), GP64())
	for _, s := range sums {
		for _, sum := range s {
			v.Zero(sum, sum, sum)
		}
	}
	Label("block")
	addPair(v, both, x, sums)
	for _, row := range both {
		PREFETCHT0(row.values.Offset(valuesAhead))
		if f.size == 4 && !narrow {
			PREFETCHT0(row.values.Offset(valuesAhead + lineBytes))
		}
		ADDQ(I8(maskColumns/8), row.mask.Base)
	}
	ADDQ(I32(4*maskColumns), x.Base)
	SUBQ(I8(maskColumns), left)
	JG(LabelRef("block"))
	storePair(v, sums, y, half)
	DECQ(count)
	JMP(LabelRef("row"))
	Label("done")
	emit.Finish()
	for _, f := range later {
		f()
	}
}

func pairsHead(v emit.Vec, f format, narrow bool) {
	name := fmt.Sprintf("bitmaskPairs%s%s", f.name, v.Level)
	if narrow {
		name = fmt.Sprintf("bitmaskPairs%sNarrow%s", f.name, v.Level)
	}
	TEXT(name, NOSPLIT, "func(rows, k int, mask, values, upper *byte, x *float32, y *float32)")
	doc := []string{fmt.Sprintf("%s multiplies 2·rows stored rows by a padded vector; the second half of the weights is in upper:", name), "",
		bitmaskDoc(v, f, "\tfor i < 2*rows: y[i] = Σ (the next of values)*x[p] over the bits p of row i of mask")}
	if narrow {
		doc = append(doc, "", "It is the faster one where less than half the bits are set.")
	}
	Doc(doc...)
	Pragma("noescape")
}

// bitRowPair returns the first row of each half.
func bitRowPair(v emit.Vec, f format, narrow bool, count Register, later *[]func()) []*bitRow {
	low := &bitRow{v: v, f: f, narrow: narrow, name: "Low", later: later,
		mask: emit.Pointer("mask"), values: emit.Pointer("values")}
	low.prepare()
	high := *low
	high.name = "High"
	high.values = emit.Pointer("upper")
	high.mask = Mem{Base: Load(Param("k"), GP64())} // the length of a row, at first
	if f.size == 4 && v.Level == "AVX512" {
		high.bits = K()
	}
	ADDQ(I8(maskColumns-1), high.mask.Base)
	SHRQ(U8(6), high.mask.Base)
	IMULQ(count, high.mask.Base)
	LEAQ(Mem{Base: low.mask.Base, Index: high.mask.Base, Scale: 8}, high.mask.Base)
	return []*bitRow{low, &high}
}

// addPair adds the products of a block of columns of two rows.
func addPair(v emit.Vec, both []*bitRow, x Mem, sums [][2]VecVirtual) {
	columns := both[0].columns()
	for i := range maskColumns / columns {
		var in []VecVirtual
		for column := i * columns; column < (i+1)*columns; column += v.Lanes {
			in = append(in, floats.load(v, x.Offset(4*column), nil))
		}
		for r, row := range both {
			for j, w := range row.spread(i) {
				v.FMA(in[j], w, sums[(i*len(in)+j)%slots(v)][r])
			}
		}
	}
}

// storePair adds up the sums of two rows, stores them at y and half further, and moves y on.
func storePair(v emit.Vec, sums [][2]VecVirtual, y Mem, half Register) {
	for i, to := range []Mem{y, {Base: y.Base, Index: half, Scale: 4}} {
		for slot := len(sums) - 1; slot > 0; slot-- {
			v.Add(sums[slot][i], sums[slot-1][i], sums[slot-1][i])
		}
		VMOVSS(total(v, sums[0][i]), to)
	}
	ADDQ(I8(4), y.Base)
}

// unzip writes the function that brings inputs into the order in which bfloat16 are widened.
func unzip() {
	TEXT("unzipF32AVX512", NOSPLIT, "func(dst, src *float32, n int)")
	Doc("unzipF32AVX512 sorts every 32 elements, n being a multiple of 32:", "",
		"\tfor i < n, 32 at a time, j < 16: dst[i+j] = src[i+2*j], dst[i+16+j] = src[i+2*j+1]")
	Pragma("noescape")
	dst := emit.Pointer("dst")
	src := emit.Pointer("src")
	n := Load(Param("n"), GP64())
	even, odd := ZMM(), ZMM()
	VMOVUPS(words("evenLanes", 16, func(lane int) uint32 { return uint32(2 * lane) }), even)
	VMOVUPS(words("oddLanes", 16, func(lane int) uint32 { return uint32(2*lane + 1) }), odd)
	Label("loop")
	CMPQ(n, I8(32))
	JLT(LabelRef("done"))
	low, other := ZMM(), ZMM()
	VMOVUPS(src, low)
	VMOVAPS(low, other)
	VPERMT2PS(src.Offset(64), even, low)
	VPERMT2PS(src.Offset(64), odd, other)
	VMOVUPS(low, dst)
	VMOVUPS(other, dst.Offset(64))
	ADDQ(I32(128), src.Base)
	ADDQ(I32(128), dst.Base)
	SUBQ(I8(32), n)
	JMP(LabelRef("loop"))
	Label("done")
	emit.Finish()
}
