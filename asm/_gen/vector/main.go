// Command vector writes the kernels on vectors: elementwise arithmetic and sums.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unroll is the number of vectors per turn. Four running sums cover the latency
// of a multiply-add at two loads per cycle.
const unroll = 4

func main() {
	emit.Begin()
	for _, level := range []struct{ f32, f64 emit.Vec }{{emit.F32AVX512, emit.F64AVX512}, {emit.F32AVX2, emit.F64AVX2}} {
		v := level.f32
		binary(v, "add", "+", VADDPS)
		binary(v, "sub", "-", func(ops ...Op) { VSUBPS(ops[0], ops[1], ops[2]) })
		binary(v, "mul", "*", VMULPS)
		scale(v)
		for _, v := range []emit.Vec{level.f32, level.f64} {
			axpy(v)
			dot(v)
		}
		dotWide(v, level.f64)
		sumWide(v, level.f64)
		maxAbs(v)
	}
	Generate()
}

func binary(v emit.Vec, name, sign string, op func(ops ...Op)) {
	emit.Function(v, name, "(dst, x, y *float32, n int)", "for i < n: dst[i] = x[i] "+sign+" y[i]")
	dst, x, y := emit.Pointer("dst"), emit.Pointer("x"), emit.Pointer("y")
	v.ForEach(emit.Count(), unroll, []Mem{x, y}, &dst, func(p emit.Part) VecVirtual {
		op(p.In[1], p.In[0], p.In[0])
		return p.In[0]
	})
	emit.Finish()
}

func scale(v emit.Vec) {
	emit.Function(v, "scale", "(dst *float32, alpha float32, x *float32, n int)", "for i < n: dst[i] = alpha * x[i]")
	dst, x := emit.Pointer("dst"), emit.Pointer("x")
	alpha := emit.Scalar(v, "alpha")
	v.ForEach(emit.Count(), unroll, []Mem{x}, &dst, func(p emit.Part) VecVirtual {
		VMULPS(p.In[0], alpha, p.In[0])
		return p.In[0]
	})
	emit.Finish()
}

func axpy(v emit.Vec) {
	emit.Function(v, "axpy", fmt.Sprintf("(alpha %[1]s, x, y *%[1]s, n int)", v.Type), "for i < n: y[i] = fma(alpha, x[i], y[i])")
	x, y := emit.Pointer("x"), emit.Pointer("y")
	alpha := emit.Scalar(v, "alpha")
	v.ForEach(emit.Count(), unroll, []Mem{x, y}, &y, func(p emit.Part) VecVirtual {
		v.FMA(p.In[0], alpha, p.In[1])
		return p.In[1]
	})
	emit.Finish()
}

func dot(v emit.Vec) {
	emit.Function(v, "dot", fmt.Sprintf("(x, y *%[1]s, n int) %[1]s", v.Type), "Σ x[i] * y[i] over i < n")
	x, y := emit.Pointer("x"), emit.Pointer("y")
	sums := emit.Zeros(v, unroll)
	v.ForEach(emit.Count(), unroll, []Mem{x, y}, nil, func(p emit.Part) VecVirtual {
		v.FMA(p.In[0], p.In[1], sums[p.Slot])
		return nil
	})
	emit.FinishSum(v, v.Size, v.Add, sums)
}

func dotWide(v, wide emit.Vec) {
	emit.Function(v, "dotWide", "(x, y *float32, n int) float64", "Σ float64(x[i]) * float64(y[i]) over i < n")
	x, y := emit.Pointer("x"), emit.Pointer("y")
	sums := emit.Zeros(v, unroll)
	v.ForEach(emit.Count(), unroll/2, []Mem{x, y}, nil, func(p emit.Part) VecVirtual {
		xl, xh := v.Wide(p.In[0])
		yl, yh := v.Wide(p.In[1])
		wide.FMA(xl, yl, sums[2*p.Slot])
		wide.FMA(xh, yh, sums[2*p.Slot+1])
		return nil
	})
	emit.FinishSum(v, wide.Size, wide.Add, sums)
}

func sumWide(v, wide emit.Vec) {
	emit.Function(v, "sumWide", "(x *float32, n int) float64", "Σ float64(x[i]) over i < n")
	x := emit.Pointer("x")
	sums := emit.Zeros(v, unroll)
	v.ForEach(emit.Count(), unroll/2, []Mem{x}, nil, func(p emit.Part) VecVirtual {
		low, high := v.Wide(p.In[0])
		wide.Add(low, sums[2*p.Slot], sums[2*p.Slot])
		wide.Add(high, sums[2*p.Slot+1], sums[2*p.Slot+1])
		return nil
	})
	emit.FinishSum(v, wide.Size, wide.Add, sums)
}

func maxAbs(v emit.Vec) {
	emit.Function(v, "maxAbs", "(x *float32, n int) float32", "max |x[i]| over i < n, as bit patterns, which puts NaN above everything")
	x := emit.Pointer("x")
	tops := emit.Zeros(v, unroll)
	and, largest := VPAND3, VPMAXUD
	if v.Level == "AVX512" {
		and = VPANDD
	}
	magnitude := emit.Bits("magnitude", 0x7fffffff)
	v.ForEach(emit.Count(), unroll, []Mem{x}, nil, func(p emit.Part) VecVirtual {
		and(magnitude, p.In[0], p.In[0])
		largest(p.In[0], tops[p.Slot], tops[p.Slot])
		return nil
	})
	emit.FinishSum(v, 4, largest, tops)
}

// VPAND3 is VPAND with the signature of instructions that have more forms.
func VPAND3(ops ...Op) { VPAND(ops[0], ops[1], ops[2]) }
