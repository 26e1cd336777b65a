package main

import (
	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// format is how a weight is stored.
type format struct {
	name string
	size int
}

var (
	floats  = format{"F32", 4}
	formats = []format{floats, {"F16", 2}, {"BF16", 2}}
)

// load brings a vector of weights from memory to float32, only those that the mask selects if there
// is one (AVX-512).
func (f format) load(v emit.Vec, m Mem, mask *lanes) VecVirtual {
	x := v.Reg()
	if f.size == 4 {
		if mask != nil {
			VMOVUPS_Z(m, mask.k, x)
		} else {
			VMOVUPS(m, x)
		}
		return x
	}
	var half Op = m
	if mask != nil {
		y := YMM()
		VMOVDQU16_Z(m, mask.k, y)
		half = y
	}
	if f.name == "F16" {
		VCVTPH2PS(half, x)
		return x
	}
	VPMOVZXWD(half, x)
	VPSLLD(U8(16), x, x)
	return x
}

// lanes selects the first ones of a vector of weights, and of the bytes of their places.
type lanes struct{ k, bytes OpmaskVirtual }

// firstLanes returns the mask of the first n lanes.
func firstLanes(n Register) OpmaskVirtual {
	bits, mask := GP64(), K()
	MOVQ(I32(-1), bits)
	BZHIQ(n, bits, bits)
	KMOVQ(bits, mask)
	return mask
}

// words returns 32-bit constants, by lane.
func words(name string, lanes int, value func(lane int) uint32) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range lanes {
		DATA(4*i, U32(value(i)))
	}
	return m
}
