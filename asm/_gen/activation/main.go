// Command activation writes the kernels of activation functions and of the exponential they are built on.
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
	for _, v := range []struct{ f32, f64 emit.Vec }{{emit.F32AVX512, emit.F64AVX512}, {emit.F32AVX2, emit.F64AVX2}} {
		unary(v.f32, "exp", "e^x[i]", emit.Exp)
		unary(v.f32, "sigmoid", "1 / (1 + e^-x[i])", sigmoid)
		unary(v.f32, "silu", "x[i] / (1 + e^-x[i])", silu)
		unary(v.f32, "tanh", "tanh x[i]", tanh)
		unary(v.f32, "gelu", "x[i]·Φ(x[i])", func(v32 emit.Vec, x VecVirtual) VecVirtual { return gelu(v32, v.f64, x) })
		unary(v.f32, "geluTanh", "x[i] / (1 + e^-2√(2/π)·(x[i] + 0.044715·x[i]³))",
			func(v32 emit.Vec, x VecVirtual) VecVirtual { return geluTanh(v32, v.f64, x) })
		swiglu(v.f32)
		swigluGrad(v.f32)
	}
	Generate()
}

func unary(v emit.Vec, name, formula string, f func(v emit.Vec, x VecVirtual) VecVirtual) {
	TEXT(name+v.Suffix(), NOSPLIT, "func(dst, x *float32, n int)")
	Doc(fmt.Sprintf("%s computes", name+v.Suffix()), "", "\tfor i < n: dst[i] = "+formula)
	Pragma("noescape")
	dst, x := emit.Pointer("dst"), emit.Pointer("x")
	v.ForEach(Load(Param("n"), GP64()), 2, []Mem{x}, &dst, func(p emit.Part) VecVirtual { return f(v, p.In[0]) })
	emit.Finish()
}

func swiglu(v emit.Vec) {
	TEXT("swiglu"+v.Suffix(), NOSPLIT, "func(dst, gate, up *float32, n int)")
	Doc("swiglu"+v.Suffix()+" computes", "", "\tfor i < n: dst[i] = gate[i] / (1 + e^-gate[i]) * up[i]")
	Pragma("noescape")
	dst, gate, up := emit.Pointer("dst"), emit.Pointer("gate"), emit.Pointer("up")
	v.ForEach(Load(Param("n"), GP64()), 2, []Mem{gate, up}, &dst, func(p emit.Part) VecVirtual {
		y := silu(v, p.In[0])
		VMULPS(p.In[1], y, y)
		return y
	})
	emit.Finish()
}

// swigluGrad stores two results from one exponential and one division.
func swigluGrad(v emit.Vec) {
	TEXT("swigluGrad"+v.Suffix(), NOSPLIT, "func(dGate, dUp, dy, gate, up *float32, n int)")
	Doc("swigluGrad"+v.Suffix()+" computes, with s = 1 / (1 + e^-gate[i])", "",
		"\tfor i < n: dUp[i] = dy[i] * gate[i] * s", "\t           dGate[i] = dy[i] * up[i] * (s + gate[i]*s*(1-s))")
	Pragma("noescape")
	dGate, dUp := emit.Pointer("dGate"), emit.Pointer("dUp")
	dy, gate, up := emit.Pointer("dy"), emit.Pointer("gate"), emit.Pointer("up")
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
	emit.Finish()
}

// onePlusExpNeg returns 1 + e^-x.
func onePlusExpNeg(v emit.Vec, x VecVirtual) VecVirtual {
	negated := v.Reg()
	if v.Level == "AVX512" {
		VPXORD(emit.Bits("signBit", 1<<31), x, negated)
	} else {
		VXORPS(emit.Bits("signBit", 1<<31), x, negated)
	}
	e := emit.Exp(v, negated)
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
