// Command exp writes the kernels built on the exponential function.
package main

import (
	"fmt"
	"math"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	emit.Begin()
	for _, v := range []struct{ f32, f64 emit.Vec }{{emit.F32AVX512, emit.F64AVX512}, {emit.F32AVX2, emit.F64AVX2}} {
		unary(v.f32, "exp", "e^x[i]", exp)
		unary(v.f32, "sigmoid", "1 / (1 + e^-x[i])", sigmoid)
		unary(v.f32, "silu", "x[i] / (1 + e^-x[i])", silu)
		unary(v.f32, "tanh", "tanh x[i]", tanh)
		unary(v.f32, "gelu", "x[i]·Φ(x[i])", func(v32 emit.Vec, x VecVirtual) VecVirtual { return gelu(v32, v.f64, x) })
		unary(v.f32, "geluTanh", "x[i] / (1 + e^-2√(2/π)·(x[i] + 0.044715·x[i]³))",
			func(v32 emit.Vec, x VecVirtual) VecVirtual { return geluTanh(v32, v.f64, x) })
		swiglu(v.f32)
		swigluGrad(v.f32)
		expShifted(v.f32, v.f64)
		maximum(v.f32)
	}
	Generate()
}

func pointer(name string) Mem { return Mem{Base: Load(Param(name), GP64())} }

func unary(v emit.Vec, name, formula string, f func(v emit.Vec, x VecVirtual) VecVirtual) {
	TEXT(name+v.Suffix(), NOSPLIT, "func(dst, x *float32, n int)")
	Doc(fmt.Sprintf("%s computes", name+v.Suffix()), "", "\tfor i < n: dst[i] = "+formula)
	Pragma("noescape")
	dst, x := pointer("dst"), pointer("x")
	v.ForEach(Load(Param("n"), GP64()), 2, []Mem{x}, &dst, func(p emit.Part) VecVirtual { return f(v, p.In[0]) })
	VZEROUPPER()
	RET()
}

func swiglu(v emit.Vec) {
	TEXT("swiglu"+v.Suffix(), NOSPLIT, "func(dst, gate, up *float32, n int)")
	Doc("swiglu"+v.Suffix()+" computes", "", "\tfor i < n: dst[i] = gate[i] / (1 + e^-gate[i]) * up[i]")
	Pragma("noescape")
	dst, gate, up := pointer("dst"), pointer("gate"), pointer("up")
	v.ForEach(Load(Param("n"), GP64()), 2, []Mem{gate, up}, &dst, func(p emit.Part) VecVirtual {
		y := silu(v, p.In[0])
		VMULPS(p.In[1], y, y)
		return y
	})
	VZEROUPPER()
	RET()
}

// swigluGrad stores two results from one exponential and one division.
func swigluGrad(v emit.Vec) {
	TEXT("swigluGrad"+v.Suffix(), NOSPLIT, "func(dGate, dUp, dy, gate, up *float32, n int)")
	Doc("swigluGrad"+v.Suffix()+" computes, with s = 1 / (1 + e^-gate[i])", "",
		"\tfor i < n: dUp[i] = dy[i] * gate[i] * s", "\t           dGate[i] = dy[i] * up[i] * (s + gate[i]*s*(1-s))")
	Pragma("noescape")
	dGate, dUp := pointer("dGate"), pointer("dUp")
	dy, gate, up := pointer("dy"), pointer("gate"), pointer("up")
	v.ForEach(Load(Param("n"), GP64()), 1, []Mem{dy, gate, up}, &dGate, func(p emit.Part) VecVirtual {
		d, x, u := p.In[0], siluInput(v, p.In[1]), p.In[2]
		s := sigmoid(v, x)
		VMULPS(s, x, x) // silu
		rest := v.Reg()
		v.Load(emit.Const("factorial0", 1), rest)
		VSUBPS(s, rest, rest)
		v.FMA(x, rest, s) // derivative of silu
		VMULPS(d, x, x)
		p.Store(x, dUp)
		VMULPS(u, d, d)
		VMULPS(s, d, d)
		return d
	})
	VZEROUPPER()
	RET()
}

// expShifted is the middle of softmax.
func expShifted(v, wide emit.Vec) {
	TEXT("expShifted"+v.Suffix(), NOSPLIT, "func(dst, x *float32, n int, shift float32) float64")
	Doc("expShifted"+v.Suffix()+" computes", "",
		"\tfor i < n: dst[i] = e^(x[i]-shift)", "", "and returns the sum of dst, added in float64.")
	Pragma("noescape")
	dst, x := pointer("dst"), pointer("x")
	address, err := Param("shift").Resolve()
	if err != nil {
		panic(err)
	}
	shift := v.Reg()
	v.Bcast(address.Addr, shift)
	sums := []VecVirtual{v.Reg(), v.Reg()}
	for _, s := range sums {
		v.Zero(s, s, s)
	}
	v.ForEach(Load(Param("n"), GP64()), 2, []Mem{x}, &dst, func(p emit.Part) VecVirtual {
		VSUBPS(shift, p.In[0], p.In[0])
		y := exp(v, p.In[0])
		p.Keep(y)
		low, high := v.Wide(y)
		wide.Add(low, sums[0], sums[0])
		wide.Add(high, sums[1], sums[1])
		return y
	})
	wide.Add(sums[1], sums[0], sums[0])
	total := v.Reduce(sums[0], 8, VADDPD)
	VZEROUPPER() // first, as the store is not a vector instruction
	Store(total, ReturnIndex(0))
	RET()
}

// maximum needs a whole vector: the last one overlaps the one before.
func maximum(v emit.Vec) {
	TEXT("maximum"+v.Suffix(), NOSPLIT, "func(x *float32, n int) float32")
	Doc("maximum"+v.Suffix()+" computes", "", "\tmax x[i] over i < n", "",
		fmt.Sprintf("for n ≥ %d. If x contains NaN the result is arbitrary.", v.Lanes))
	Pragma("noescape")
	x, n := pointer("x"), Load(Param("n"), GP64())
	end, at, top := GP64(), GP64(), v.Reg()
	LEAQ(Mem{Base: n, Disp: -v.Lanes}, end)
	v.Load(Mem{Base: x.Base, Index: end, Scale: 4}, top)
	XORQ(at, at)
	Label("loop")
	CMPQ(at, end)
	JGE(LabelRef("done"))
	VMAXPS(Mem{Base: x.Base, Index: at, Scale: 4}, top, top)
	ADDQ(I8(v.Lanes), at)
	JMP(LabelRef("loop"))
	Label("done")
	result := v.Reduce(top, 4, VMAXPS)
	VZEROUPPER()
	Store(result, ReturnIndex(0))
	RET()
}

const (
	// Beyond these, e^x is 0 and infinite in float32.
	expLow  = -104
	expHigh = 89

	// ln 2 in two parts. The high one has eight trailing zeros, so that its
	// product with any exponent is exact.
	ln2High = 0x1.62e4p-1
	degree  = 7 // of the Taylor polynomial, 5·10⁻⁹ at the ends of its interval
)

// exp computes 2ⁿ·e^r with n = round(x/ln 2) and |r| ≤ ln(2)/2.
func exp(v emit.Vec, x VecVirtual) VecVirtual {
	// NaN in the first operand is what these return.
	y := v.Reg()
	v.Load(emit.Const("expLow", expLow), y)
	VMAXPS(x, y, y)
	high := v.Reg()
	v.Load(emit.Const("expHigh", expHigh), high)
	VMINPS(y, high, y)

	n := reduce(v, y)
	return exponentiate(v, taylor(v, y, 0), n)
}

// reduce returns n = round(y/ln 2), and makes y the rest r.
func reduce(v emit.Vec, y VecVirtual) (n VecVirtual) {
	n = v.Reg()
	VMULPS(emit.Const("log2e", math.Log2E), y, n)
	if v.Level == "AVX512" {
		VRNDSCALEPS(U8(8), n, n) // to nearest
	} else {
		VROUNDPS(U8(8), n, n)
	}
	VFNMADD231PS(emit.Const("ln2High", ln2High), n, y)
	VFNMADD231PS(emit.Const("ln2Low", math.Ln2-ln2High), n, y)
	return n
}

// taylor returns the terms of e^r from r^first on, divided by r^first.
func taylor(v emit.Vec, r VecVirtual, first int) VecVirtual {
	p := v.Reg()
	v.Load(emit.Const("factorial7", 1./5040), p)
	factorial := 5040.
	for k := degree - 1; k >= first; k-- {
		factorial /= float64(k + 1)
		VFMADD213PS(emit.Const(fmt.Sprintf("factorial%d", k), 1/factorial), r, p)
	}
	return p
}

// exponentiate returns p·2ⁿ for an integer n, also where the result is
// subnormal or infinite.
func exponentiate(v emit.Vec, p, n VecVirtual) VecVirtual {
	if v.Level == "AVX512" {
		VSCALEFPS(n, p, p)
		return p
	}
	// 2ⁿ need not be a number in float32, the powers of two halves of n are.
	half, rest := v.Reg(), v.Reg()
	VCVTPS2DQ(n, rest)
	VPSRAD(U8(1), rest, half)
	VPSUBD(half, rest, rest)
	for _, k := range []VecVirtual{half, rest} {
		VPADDD(emit.Bits("bias", 127), k, k)
		VPSLLD(U8(23), k, k)
		VMULPS(k, p, p)
	}
	return p
}

// onePlusExpNeg returns 1 + e^-x.
func onePlusExpNeg(v emit.Vec, x VecVirtual) VecVirtual {
	negated := v.Reg()
	if v.Level == "AVX512" {
		VPXORD(emit.Bits("signBit", 1<<31), x, negated)
	} else {
		VXORPS(emit.Bits("signBit", 1<<31), x, negated)
	}
	e := exp(v, negated)
	VADDPS(emit.Const("factorial0", 1), e, e)
	return e
}

func sigmoid(v emit.Vec, x VecVirtual) VecVirtual {
	d := onePlusExpNeg(v, x)
	one := v.Reg()
	v.Load(emit.Const("factorial0", 1), one)
	VDIVPS(d, one, one)
	return one
}

func silu(v emit.Vec, x VecVirtual) VecVirtual {
	y := siluInput(v, x)
	d := onePlusExpNeg(v, y)
	VDIVPS(d, y, y)
	return y
}

// siluInput bounds x below. Minus infinity must not meet an infinite denominator:
// anything so small gives -0.
func siluInput(v emit.Vec, x VecVirtual) VecVirtual {
	y := v.Reg()
	v.Load(emit.Const("siluLow", -200), y)
	VMAXPS(x, y, y)
	return y
}
