package main

import (
	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// semiShifts brings the place of a lane's weight to the lowest bits; semiBases is where its four columns start.
var semiShifts, semiBases Mem

// semi writes the product of rows with two weights in four columns and some vectors.
func semi(v emit.Vec, f format, tokens int) {
	begin("semi", v, f, tokens, "indices, values",
		"\t\ty[t*ldy+i] = Σ values[i*k/2+q]*x[t*ldx+q/2*4+(place of q, see SemiRows)]"+except(v, 2*v.Lanes))
	if semiShifts.Symbol.Name == "" {
		semiShifts = words("semiShifts", 16, func(lane int) uint32 { return uint32(2 * lane) })
		semiBases = words("semiBases", 16, func(lane int) uint32 { return uint32(lane / 2 * 4) })
	}
	w := newSemiWeights(v, f)
	columns := 2 * v.Lanes
	rows(v, tokens, func(k *kernel) {
		left := Load(Param("k"), GP64())
		loopColumns(left, slots(v), columns, func(slot int) { w.add(k, slot, nil) }, func(columns int) {
			ADDQ(I32(columns/8), w.indices.Base)
			if tokens == 1 {
				for at := 0; at < columns/2*f.size; at += lineBytes {
					PREFETCHT0(w.values.Offset(valuesAhead + at))
				}
			}
			ADDQ(I32(columns/2*f.size), w.values.Base)
			k.advance(columns)
		})
		if v.Level == "AVX512" {
			TESTQ(left, left)
			JE(LabelRef("finish"))
			count := GP64()
			MOVQ(left, count)
			SHRQ(U8(1), count)
			weights := firstLanes(count)
			LEAQ(Mem{Base: left, Disp: 7}, count)
			SHRQ(U8(3), count)
			w.add(k, 0, &lanes{k: weights, bytes: firstLanes(count)})
		}
		// To the next row: half a weight and half a byte of places per column, rounded up.
		size := GP64()
		MOVQ(left, size)
		if f.size == 4 {
			SHLQ(U8(1), size)
		}
		ADDQ(size, w.values.Base)
		ADDQ(I8(7), left)
		SHRQ(U8(3), left)
		ADDQ(left, w.indices.Base)
		Label("finish")
	})
}

// semiWeights is where the next weights and their places are.
type semiWeights struct {
	v                    emit.Vec
	f                    format
	indices, values      Mem
	shifts, bases, three VecVirtual
}

func newSemiWeights(v emit.Vec, f format) *semiWeights {
	w := &semiWeights{v: v, f: f, indices: emit.Pointer("indices"), values: emit.Pointer("values"), shifts: v.Reg(), bases: v.Reg()}
	v.Load(semiShifts, w.shifts)
	v.Load(semiBases, w.bases)
	w.three = v.Reg()
	v.Load(emit.Bits("three", 3), w.three)
	return w
}

// add adds the products of the weights of 2·lanes columns.
func (w *semiWeights) add(k *kernel, slot int, mask *lanes) {
	v, columns := w.v, 2*w.v.Lanes
	weights := w.f.load(v, w.values.Offset(slot*v.Lanes*w.f.size), mask)
	place := w.places(w.indices.Offset(slot*columns/8), mask)
	for t, x := range k.x {
		low := v.Reg()
		if v.Level == "AVX512" {
			VMOVUPS(x.Offset(4*slot*columns), low)
			VPERMT2PS(x.Offset(4*(slot*columns+v.Lanes)), place, low)
		} else {
			high := v.Reg()
			VPERMPS(x.Offset(4*slot*columns), place, low)
			VPERMPS(x.Offset(4*(slot*columns+v.Lanes)), place, high)
			VBLENDPS(U8(0xf0), high, low, low)
		}
		v.FMA(low, weights, k.sums[slot%slots(k.v)][t])
	}
}

// places returns the column of each weight, among 2·lanes.
func (w *semiWeights) places(at Mem, mask *lanes) VecVirtual {
	place := w.v.Reg()
	if w.v.Level != "AVX512" {
		VPBROADCASTW(at, place)
		VPSRLVD(w.shifts, place, place)
		VPAND(w.three, place, place)
		VPOR(w.bases, place, place)
		return place
	}
	if mask != nil {
		bytes := XMM()
		VMOVDQU8_Z(at, mask.bytes, bytes)
		VPBROADCASTD(bytes, place)
	} else {
		VPBROADCASTD(at, place)
	}
	VPSRLVD(w.shifts, place, place)
	VPTERNLOGD(U8(0xec), w.three, w.bases, place) // place&three | bases
	return place
}
