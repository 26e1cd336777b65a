// Command row writes the parts that the kernels on rows are put together from: of softmax, of normalisation, and the
// rotary embedding.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unroll is the number of vectors per turn.
const unroll = 4

func main() {
	emit.Begin()
	for _, level := range []struct{ f32, f64 emit.Vec }{{emit.F32AVX512, emit.F64AVX512}, {emit.F32AVX2, emit.F64AVX2}} {
		expShifted(level.f32, level.f64)
		maximum(level.f32)
		scaleMul(level.f32)
		deviation(level.f32, level.f64)
		normalize(level.f32, false)
		normalize(level.f32, true)
		rope(level.f32)
	}
	Generate()
}

func scaleMul(v emit.Vec) {
	emit.Function(v, "scaleMul", "(dst *float32, alpha float32, x, w *float32, n int)", "for i < n: dst[i] = (alpha * x[i]) * w[i]")
	dst, x, w := emit.Pointer("dst"), emit.Pointer("x"), emit.Pointer("w")
	alpha := emit.Scalar(v, "alpha")
	v.ForEach(emit.Count(), unroll, []Mem{x, w}, &dst, func(p emit.Part) VecVirtual {
		VMULPS(p.In[0], alpha, p.In[0])
		VMULPS(p.In[1], p.In[0], p.In[0])
		return p.In[0]
	})
	emit.Finish()
}

func deviation(v, wide emit.Vec) {
	emit.Function(v, "deviation", "(x *float32, n int, mean float64) float64", "Σ (float64(x[i]) - mean)² over i < n")
	x := emit.Pointer("x")
	mean := emit.Scalar(wide, "mean")
	sums := emit.Zeros(v, unroll)
	v.ForEach(emit.Count(), unroll/2, []Mem{x}, nil, func(p emit.Part) VecVirtual {
		low, high := v.Wide(p.In[0])
		for i, d := range []VecVirtual{low, high} {
			VSUBPD(mean, d, d)
			p.KeepWide(d, i)
			wide.FMA(d, d, sums[2*p.Slot+i])
		}
		return nil
	})
	emit.FinishSum(v, wide.Size, wide.Add, sums)
}

func normalize(v emit.Vec, bias bool) {
	name, slices, loop := "normalize", "dst, x, w", "for i < n: dst[i] = (x[i] - mean) * scale * w[i]"
	if bias {
		name, slices, loop = "normalizeBias", slices+", b", "for i < n: dst[i] = fma((x[i] - mean) * scale, w[i], b[i])"
	}
	emit.Function(v, name, "("+slices+" *float32, n int, mean, scale float32)", loop)
	dst, x, w := emit.Pointer("dst"), emit.Pointer("x"), emit.Pointer("w")
	mean, scale := emit.Scalar(v, "mean"), emit.Scalar(v, "scale")
	in := []Mem{x, w}
	if bias {
		in = append(in, emit.Pointer("b"))
	}
	v.ForEach(emit.Count(), unroll, in, &dst, func(p emit.Part) VecVirtual {
		VSUBPS(mean, p.In[0], p.In[0])
		VMULPS(scale, p.In[0], p.In[0])
		if !bias {
			VMULPS(p.In[1], p.In[0], p.In[0])
			return p.In[0]
		}
		v.FMA(p.In[0], p.In[1], p.In[2])
		return p.In[2]
	})
	emit.Finish()
}

func rope(v emit.Vec) {
	emit.Function(v, "rope", "(dst0, dst1, x0, x1, cos, sin *float32, n int)",
		"for i < n: dst0[i], dst1[i] = x0[i]*cos[i] - x1[i]*sin[i], x1[i]*cos[i] + x0[i]*sin[i]")
	dst0, dst1 := emit.Pointer("dst0"), emit.Pointer("dst1")
	x0, x1, cos, sin := emit.Pointer("x0"), emit.Pointer("x1"), emit.Pointer("cos"), emit.Pointer("sin")
	v.ForEach(emit.Count(), 1, []Mem{x0, x1, cos, sin}, &dst0, func(p emit.Part) VecVirtual {
		lo, hi, c, s := p.In[0], p.In[1], p.In[2], p.In[3]
		first, second := v.Reg(), v.Reg()
		VMULPS(s, hi, first)
		VFMSUB231PS(c, lo, first)
		VMULPS(s, lo, second)
		VFMADD231PS(c, hi, second)
		p.Store(second, dst1)
		return first
	})
	emit.Finish()
}

// expShifted is the middle of softmax.
func expShifted(v, wide emit.Vec) {
	TEXT("expShifted"+v.Suffix(), NOSPLIT, "func(dst, x *float32, n int, shift float32) float64")
	Doc("expShifted"+v.Suffix()+" computes", "",
		"\tfor i < n: dst[i] = e^(x[i]-shift)", "", "and returns the sum of dst, added in float64.")
	Pragma("noescape")
	dst, x := emit.Pointer("dst"), emit.Pointer("x")
	shift := emit.Scalar(v, "shift")
	sums := []VecVirtual{v.Reg(), v.Reg()}
	for _, s := range sums {
		v.Zero(s, s, s)
	}
	v.ForEach(Load(Param("n"), GP64()), 2, []Mem{x}, &dst, func(p emit.Part) VecVirtual {
		VSUBPS(shift, p.In[0], p.In[0])
		y := emit.Exp(v, p.In[0])
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
	x, n := emit.Pointer("x"), Load(Param("n"), GP64())
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
