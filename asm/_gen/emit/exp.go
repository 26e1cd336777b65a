package emit

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// Beyond these, e^x is 0 and infinite in float32.
	expLow  = -104
	expHigh = 89

	// ln 2 in two parts. The high one has eight trailing zeros, so that its
	// product with any exponent is exact.
	ln2High = 0x1.62e4p-1
	degree  = 7 // of the Taylor polynomial, 5·10⁻⁹ at the ends of its interval
)

// Exp computes 2ⁿ·e^r with n = round(x/ln 2) and |r| ≤ ln(2)/2.
func Exp(v Vec, x reg.VecVirtual) reg.VecVirtual {
	// NaN in the first operand is what these return.
	y := v.Reg()
	v.Load(Const("expLow", expLow), y)
	build.VMAXPS(x, y, y)
	high := v.Reg()
	v.Load(Const("expHigh", expHigh), high)
	build.VMINPS(y, high, y)

	n := ReduceExp(v, y)
	return Exponentiate(v, TaylorExp(v, y, 0), n)
}

// ReduceExp returns n = round(y/ln 2), and makes y the rest r.
func ReduceExp(v Vec, y reg.VecVirtual) (n reg.VecVirtual) {
	n = v.Reg()
	build.VMULPS(Const("log2e", math.Log2E), y, n)
	if v.Level == "AVX512" {
		build.VRNDSCALEPS(operand.U8(8), n, n) // to nearest
	} else {
		build.VROUNDPS(operand.U8(8), n, n)
	}
	build.VFNMADD231PS(Const("ln2High", ln2High), n, y)
	build.VFNMADD231PS(Const("ln2Low", math.Ln2-ln2High), n, y)
	return n
}

// TaylorExp returns the terms of e^r from r^first on, divided by r^first.
func TaylorExp(v Vec, r reg.VecVirtual, first int) reg.VecVirtual {
	p := v.Reg()
	v.Load(Const("factorial7", 1./5040), p)
	factorial := 5040.
	for k := degree - 1; k >= first; k-- {
		factorial /= float64(k + 1)
		build.VFMADD213PS(Const(fmt.Sprintf("factorial%d", k), 1/factorial), r, p)
	}
	return p
}

// Exponentiate returns p·2ⁿ for an integer n, also where the result is
// subnormal or infinite.
func Exponentiate(v Vec, p, n reg.VecVirtual) reg.VecVirtual {
	if v.Level == "AVX512" {
		build.VSCALEFPS(n, p, p)
		return p
	}
	// 2ⁿ need not be a number in float32, the powers of two halves of n are.
	half, rest := v.Reg(), v.Reg()
	build.VCVTPS2DQ(n, rest)
	build.VPSRAD(operand.U8(1), rest, half)
	build.VPSUBD(half, rest, rest)
	for _, k := range []reg.VecVirtual{half, rest} {
		build.VPADDD(Bits("bias", 127), k, k)
		build.VPSLLD(operand.U8(23), k, k)
		build.VMULPS(k, p, p)
	}
	return p
}
