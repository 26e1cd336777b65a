package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// plain writes the product of rows without zeros and some vectors.
func plain(v emit.Vec, f format, tokens int) {
	begin("plain", v, f, tokens, "w", "\t\ty[t*ldy+i] = Σ w[i*k+p]*x[t*ldx+p]"+except(v, v.Lanes))
	w := emit.Pointer("w")
	rows(v, tokens, func(k *kernel) {
		left := Load(Param("k"), GP64())
		loopColumns(left, slots(v), v.Lanes, func(slot int) {
			k.add(f.load(v, w.Offset(slot*v.Lanes*f.size), nil), slot, slot*v.Lanes)
		}, func(columns int) {
			ADDQ(I32(columns*f.size), w.Base)
			k.advance(columns)
		})
		if v.Level == "AVX512" {
			TESTQ(left, left)
			JE(LabelRef("finish"))
			mask := &lanes{k: firstLanes(left)}
			weights := f.load(v, w, mask)
			for t, x := range k.x {
				v.FMA(weights, floats.load(v, x, mask), k.sums[0][t])
			}
		}
		LEAQ(Mem{Base: w.Base, Index: left, Scale: uint8(f.size)}, w.Base)
		Label("finish")
	})
}

// fetchAhead is how far quarters asks for the lines of weights to come.
const fetchAhead = 1536

// quarters is plain for one vector and the four quarters of the rows side by side: that many streams
// keep the prefetchers busy, and inputs that have left the first-level cache come back for four rows
// at once. The sums are those of plain.
func quarters(v emit.Vec, f format) {
	TEXT(fmt.Sprintf("quarters%s%s", f.name, v.Level), NOSPLIT, "func(rows, k int, w *byte, x *float32, y *float32)")
	Doc(fmt.Sprintf("quarters%s%s multiplies 4·rows stored rows by a padded vector:", f.name, v.Level), "",
		"\tfor i < 4*rows: y[i] = Σ w[i*k+p]*x[p]"+except(v, v.Lanes))
	Pragma("noescape")
	count := Load(Param("rows"), GP64())
	base, step, step3 := Load(Param("w"), GP64()), GP64(), GP64()
	Load(Param("k"), step)
	IMULQ(count, step)
	SHLQ(U8(f.size/2), step)
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	weights := fourApart(base, step, step3)
	x := Mem{Base: GP64()}
	y, apart, apart3 := Load(Param("y"), GP64()), GP64(), GP64()
	MOVQ(count, apart)
	LEAQ(Mem{Base: apart, Index: apart, Scale: 2}, apart3)
	results := []Mem{{Base: y}, {Base: y, Index: apart, Scale: 4}, {Base: y, Index: apart, Scale: 8}, {Base: y, Index: apart3, Scale: 4}}
	sums := make([][4]VecVirtual, slots(v))
	for i := range sums {
		for q := range weights {
			sums[i][q] = v.Reg()
		}
	}
	add := func(slot int, mask *lanes) { addQuarters(v, f, weights, x, slot, mask, sums[slot]) }

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
	loopColumns(left, slots(v), v.Lanes, func(slot int) { add(slot, nil) }, func(columns int) {
		ADDQ(I32(columns*f.size), base)
		ADDQ(I32(columns*4), x.Base)
	})
	if v.Level == "AVX512" {
		TESTQ(left, left)
		JE(LabelRef("finish"))
		add(0, &lanes{k: firstLanes(left)})
	}
	LEAQ(Mem{Base: base, Index: left, Scale: uint8(f.size)}, base)
	Label("finish")
	storeSums(v, results, sums)
	ADDQ(I8(4), y)
	DECQ(count)
	JMP(LabelRef("row"))
	Label("done")
	emit.Finish()
}

// addQuarters adds the products of a vector of columns, the same in each quarter.
func addQuarters(v emit.Vec, f format, weights []Mem, x Mem, slot int, mask *lanes, sums [4]VecVirtual) {
	at := slot * v.Lanes * f.size
	if mask == nil && at%lineBytes == 0 {
		for _, w := range weights {
			PREFETCHT0(w.Offset(fetchAhead + at))
		}
	}
	in := floats.load(v, x.Offset(slot*v.Bytes()), mask)
	for q, w := range weights {
		if w := w.Offset(at); f.size == 4 && mask == nil {
			v.FMA(w, in, sums[q])
		} else {
			v.FMA(f.load(v, w, mask), in, sums[q])
		}
	}
}

// storeSums adds up the slots of the sums of each row and stores them.
func storeSums(v emit.Vec, results []Mem, sums [][4]VecVirtual) {
	for q, to := range results {
		for slot := len(sums) - 1; slot > 0; slot-- {
			v.Add(sums[slot][q], sums[slot-1][q], sums[slot-1][q])
		}
		VMOVSS(total(v, sums[0][q]), to)
	}
}
