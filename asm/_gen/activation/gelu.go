package main

import (
	"fmt"
	"math"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tanh computes tanh x = ±m/(m + 2) with m = e^2|x| - 1 = 2ⁿ·(e^r - 1) + (2ⁿ - 1), which does not cancel:
// for small x, n is 0. From 10 on it is 1.
func tanh(v emit.Vec, x VecVirtual) VecVirtual {
	sign := v.Reg()
	and(v, emit.Bits("signBit", 1<<31), x, sign)
	y, ten := v.Reg(), v.Reg()
	xor(v, sign, x, y)
	v.Load(emit.Const("tanhHigh", 10), ten)
	VMINPS(y, ten, y) // NaN in the first operand is what this returns
	VADDPS(y, y, y)
	n := emit.ReduceExp(v, y)
	p := emit.TaylorExp(v, y, 2)
	VMULPS(y, y, ten)
	VFMADD213PS(y, ten, p) // e^r - 1
	power, m := v.Reg(), v.Reg()
	v.Load(emit.Const("factorial0", 1), power)
	power = emit.Exponentiate(v, power, n)
	VSUBPS(emit.Const("factorial0", 1), power, m)
	VFMADD231PS(p, power, m)
	VADDPS(emit.Const("two", 2), m, power)
	VDIVPS(power, m, m)
	xor(v, sign, m, m)
	return m
}

func and(v emit.Vec, m Mem, x, dst VecVirtual) {
	if v.Level == "AVX512" {
		VPANDD(m, x, dst)
	} else {
		VANDPS(m, x, dst)
	}
}

func xor(v emit.Vec, x, y, dst VecVirtual) {
	if v.Level == "AVX512" {
		VPXORD(x, y, dst)
	} else {
		VXORPS(x, y, dst)
	}
}

// Both forms of GELU need an exponential of something that was rounded before, which float32 cannot give
// to the last digits. So they compute in float64, on the two halves of a vector.

// roundShift added to a float64 of moderate size rounds it to an integer, which then stands in the low
// bits of the sum.
const roundShift = 0x1.8p52

// expWide makes x e^x = 2ⁿ·e^r, for |x| up to 700.
func expWide(v emit.Vec, x VecVirtual) {
	shifted, n := v.Reg(), v.Reg()
	v.Load(emit.Const64("roundShift", roundShift), shifted)
	VFMADD231PD(emit.Const64("log2eWide", math.Log2E), x, shifted)
	VSUBPD(emit.Const64("roundShift", roundShift), shifted, n)
	VFNMADD231PD(emit.Const64("ln2Wide", math.Ln2), n, x)
	p := horner(v, x, "factorialWide", 1./5040, 1./720, 1./120, 1./24, 1./6, 1./2, 1, 1)
	// 2ⁿ by writing n to the exponent.
	VPSLLQ(U8(52), shifted, shifted)
	VPADDQ(emit.Const64("oneWide", 1), shifted, shifted)
	VMULPD(shifted, p, x)
}

// horner returns the polynomial with these coefficients, the highest power's first.
func horner(v emit.Vec, x VecVirtual, name string, coefficients ...float64) VecVirtual {
	p := v.Reg()
	for k, c := range coefficients {
		at := emit.Const64(fmt.Sprint(name, len(coefficients)-1-k), c)
		if k == 0 {
			v.Load(at, p)
		} else {
			VFMADD213PD(at, x, p)
		}
	}
	return p
}

// geluTanh computes x/(1 + e^-w) with w = x·2·√(2/π)·(1 + 0.044715·x²), for x between -10.1 and 10.1: beyond,
// the denominator stays infinite or 1.
func geluTanh(v, wide emit.Vec, x VecVirtual) VecVirtual {
	const twice = 2 * 0.79788456080286535587989211986876 // 2·√(2/π)
	y := siluInput(v, x)
	high := v.Reg()
	v.Load(emit.Const("geluLow", -10.1), high)
	VMAXPS(x, high, x)
	v.Load(emit.Const("geluHigh", 10.1), high)
	VMINPS(x, high, x)
	a, b := v.Wide(x)
	for _, h := range []VecVirtual{a, b} {
		square := wide.Reg()
		VMULPD(h, h, square)
		inner := horner(wide, square, "geluTanh", -twice*0.044715, -twice)
		VMULPD(inner, h, h)
		expWide(wide, h)
		VADDPD(emit.Const64("oneWide", 1), h, h)
	}
	VDIVPS(v.Narrow(a, b), y, y)
	return y
}

// gelu computes max(x, 0) - a·(1-Φ(a)) with a = |x|, up to 14.4, where the second factor disappears. (1-Φ(a))
// times e^(a²/2) is a quotient of polynomials, with a relative error below 6·10⁻⁹ for 0 ≤ a ≤ 14.4, found by
// iterated least squares. There is nothing to cancel.
func gelu(v, wide emit.Vec, x VecVirtual) VecVirtual {
	y, a := v.Reg(), v.Reg()
	v.Zero(y, y, y)
	VMAXPS(x, y, y)
	and(v, emit.Bits("magnitude", 1<<31-1), x, a)
	limit := v.Reg()
	v.Load(emit.Const("geluFar", 14.4), limit)
	VMINPS(a, limit, a)
	low, high := v.Wide(a)
	var over, under []VecVirtual
	for _, h := range []VecVirtual{low, high} {
		p := horner(wide, h, "geluOver", 0.00410661425852135088, 0.0405683679013829595, 0.183043501081701228,
			0.43803752501601775, 0.500000002902928194)
		q := horner(wide, h, "geluUnder", 0.0102936336350908083, 0.101696348793039181, 0.468964525981808612,
			1.20170914412754639, 1.67396002439076364, 1)
		VMULPD(h, p, p)
		VMULPD(h, h, h)
		VMULPD(emit.Const64("minusHalf", -0.5), h, h)
		expWide(wide, h)
		VMULPD(h, p, p)
		over, under = append(over, p), append(under, q)
	}
	top, bottom := v.Narrow(over[0], over[1]), v.Narrow(under[0], under[1])
	VDIVPS(bottom, top, top)
	VSUBPS(top, y, y)
	return y
}
