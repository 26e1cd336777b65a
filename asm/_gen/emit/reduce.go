package emit

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Reduce folds the lanes of acc, halves onto halves, until one is left. op is
// an instruction of elements of the given size.
func (v Vec) Reduce(acc reg.VecVirtual, size int, op func(ops ...operand.Op)) reg.Register {
	half := v.Reg()
	if v.Level == "AVX512" {
		build.VEXTRACTF64X4(operand.U8(1), acc, half.AsY())
		op(half.AsY(), acc.AsY(), acc.AsY())
	}
	build.VEXTRACTF128(operand.U8(1), acc.AsY(), half.AsX())
	op(half.AsX(), acc.AsX(), acc.AsX())
	build.VPSHUFD(operand.U8(0x4e), acc.AsX(), half.AsX())
	op(half.AsX(), acc.AsX(), acc.AsX())
	if size == 4 {
		build.VPSHUFD(operand.U8(0xb1), acc.AsX(), half.AsX())
		op(half.AsX(), acc.AsX(), acc.AsX())
	}
	return acc.AsX()
}

// Wide converts a vector of float32 to two of float64.
func (v Vec) Wide(x reg.VecVirtual) (low, high reg.VecVirtual) {
	low, high = v.Reg(), v.Reg()
	if v.Level == "AVX512" {
		build.VEXTRACTF64X4(operand.U8(1), x, high.AsY())
		build.VCVTPS2PD(x.AsY(), low)
		build.VCVTPS2PD(high.AsY(), high)
		return low, high
	}
	build.VEXTRACTF128(operand.U8(1), x, high.AsX())
	build.VCVTPS2PD(x.AsX(), low)
	build.VCVTPS2PD(high.AsX(), high)
	return low, high
}

// Narrow converts two vectors of float64, as Wide returns them, to one of float32 in low's place.
func (v Vec) Narrow(low, high reg.VecVirtual) reg.VecVirtual {
	if v.Level == "AVX512" {
		build.VCVTPD2PS(low, low.AsY())
		build.VCVTPD2PS(high, high.AsY())
		build.VINSERTF64X4(operand.U8(1), high.AsY(), low, low)
		return low
	}
	build.VCVTPD2PSY(low, low.AsX())
	build.VCVTPD2PSY(high, high.AsX())
	build.VINSERTF128(operand.U8(1), high.AsX(), low, low)
	return low
}

var constants = map[string]operand.Mem{}

// Const returns the address of 64 bytes filled with a float32.
func Const(name string, value float64) operand.Mem {
	return Bits(name, math.Float32bits(float32(value)))
}

// Const64 returns the address of 64 bytes filled with a float64.
func Const64(name string, value float64) operand.Mem { return filled(name, math.Float64bits(value)) }

// Bits returns the address of 64 bytes filled with a 32-bit word.
func Bits(name string, word uint32) operand.Mem {
	return filled(name, uint64(word)<<32|uint64(word))
}

func filled(name string, word uint64) operand.Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := build.GLOBL(name, build.RODATA|build.NOPTR)
	for i := range 8 {
		build.DATA(8*i, operand.U64(word))
	}
	constants[name] = m
	return m
}
