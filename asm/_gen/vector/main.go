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
		scaleMul(v)
		for _, v := range []emit.Vec{level.f32, level.f64} {
			axpy(v)
			dot(v)
		}
		dotWide(v, level.f64)
		sumWide(v, level.f64)
		deviation(v, level.f64)
		maxAbs(v)
		normalize(v, false)
		normalize(v, true)
		rope(v)
	}
	Generate()
}

// function starts a function with the given loop as its documentation.
func function(v emit.Vec, name, args, loop string) {
	TEXT(name+v.Suffix(), NOSPLIT, "func"+args)
	Doc(fmt.Sprintf("%s computes", name+v.Suffix()), "", "\t"+loop)
	Pragma("noescape")
}

func pointer(name string) Mem { return Mem{Base: Load(Param(name), GP64())} }

func count() Register { return Load(Param("n"), GP64()) }

// scalar returns a vector filled with a parameter.
func scalar(v emit.Vec, name string) VecVirtual {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	x := v.Reg()
	v.Bcast(b.Addr, x)
	return x
}

// finish ends a function without a result in a register.
func finish() {
	VZEROUPPER()
	RET()
}

// finishSum folds the running sums and returns the total.
func finishSum(v emit.Vec, size int, add func(ops ...Op), sums []VecVirtual) {
	for n := len(sums) / 2; n > 0; n /= 2 {
		for i := range n {
			add(sums[i+n], sums[i], sums[i])
		}
	}
	total := v.Reduce(sums[0], size, add)
	VZEROUPPER() // first, as the store is not a vector instruction
	Store(total, ReturnIndex(0))
	RET()
}

func zeros(v emit.Vec, n int) []VecVirtual {
	x := make([]VecVirtual, n)
	for i := range x {
		x[i] = v.Reg()
		v.Zero(x[i], x[i], x[i])
	}
	return x
}

func binary(v emit.Vec, name, sign string, op func(ops ...Op)) {
	function(v, name, "(dst, x, y *float32, n int)", "for i < n: dst[i] = x[i] "+sign+" y[i]")
	dst, x, y := pointer("dst"), pointer("x"), pointer("y")
	v.ForEach(count(), unroll, []Mem{x, y}, &dst, func(p emit.Part) VecVirtual {
		op(p.In[1], p.In[0], p.In[0])
		return p.In[0]
	})
	finish()
}

func scale(v emit.Vec) {
	function(v, "scale", "(dst *float32, alpha float32, x *float32, n int)", "for i < n: dst[i] = alpha * x[i]")
	dst, x := pointer("dst"), pointer("x")
	alpha := scalar(v, "alpha")
	v.ForEach(count(), unroll, []Mem{x}, &dst, func(p emit.Part) VecVirtual {
		VMULPS(p.In[0], alpha, p.In[0])
		return p.In[0]
	})
	finish()
}

func scaleMul(v emit.Vec) {
	function(v, "scaleMul", "(dst *float32, alpha float32, x, w *float32, n int)", "for i < n: dst[i] = (alpha * x[i]) * w[i]")
	dst, x, w := pointer("dst"), pointer("x"), pointer("w")
	alpha := scalar(v, "alpha")
	v.ForEach(count(), unroll, []Mem{x, w}, &dst, func(p emit.Part) VecVirtual {
		VMULPS(p.In[0], alpha, p.In[0])
		VMULPS(p.In[1], p.In[0], p.In[0])
		return p.In[0]
	})
	finish()
}

func axpy(v emit.Vec) {
	function(v, "axpy", fmt.Sprintf("(alpha %[1]s, x, y *%[1]s, n int)", v.Type), "for i < n: y[i] = fma(alpha, x[i], y[i])")
	x, y := pointer("x"), pointer("y")
	alpha := scalar(v, "alpha")
	v.ForEach(count(), unroll, []Mem{x, y}, &y, func(p emit.Part) VecVirtual {
		v.FMA(p.In[0], alpha, p.In[1])
		return p.In[1]
	})
	finish()
}

func dot(v emit.Vec) {
	function(v, "dot", fmt.Sprintf("(x, y *%[1]s, n int) %[1]s", v.Type), "Σ x[i] * y[i] over i < n")
	x, y := pointer("x"), pointer("y")
	sums := zeros(v, unroll)
	v.ForEach(count(), unroll, []Mem{x, y}, nil, func(p emit.Part) VecVirtual {
		v.FMA(p.In[0], p.In[1], sums[p.Slot])
		return nil
	})
	finishSum(v, v.Size, v.Add, sums)
}

func dotWide(v, wide emit.Vec) {
	function(v, "dotWide", "(x, y *float32, n int) float64", "Σ float64(x[i]) * float64(y[i]) over i < n")
	x, y := pointer("x"), pointer("y")
	sums := zeros(v, unroll)
	v.ForEach(count(), unroll/2, []Mem{x, y}, nil, func(p emit.Part) VecVirtual {
		xl, xh := v.Wide(p.In[0])
		yl, yh := v.Wide(p.In[1])
		wide.FMA(xl, yl, sums[2*p.Slot])
		wide.FMA(xh, yh, sums[2*p.Slot+1])
		return nil
	})
	finishSum(v, wide.Size, wide.Add, sums)
}

func sumWide(v, wide emit.Vec) {
	function(v, "sumWide", "(x *float32, n int) float64", "Σ float64(x[i]) over i < n")
	x := pointer("x")
	sums := zeros(v, unroll)
	v.ForEach(count(), unroll/2, []Mem{x}, nil, func(p emit.Part) VecVirtual {
		low, high := v.Wide(p.In[0])
		wide.Add(low, sums[2*p.Slot], sums[2*p.Slot])
		wide.Add(high, sums[2*p.Slot+1], sums[2*p.Slot+1])
		return nil
	})
	finishSum(v, wide.Size, wide.Add, sums)
}

func deviation(v, wide emit.Vec) {
	function(v, "deviation", "(x *float32, n int, mean float64) float64", "Σ (float64(x[i]) - mean)² over i < n")
	x := pointer("x")
	mean := scalar(wide, "mean")
	sums := zeros(v, unroll)
	v.ForEach(count(), unroll/2, []Mem{x}, nil, func(p emit.Part) VecVirtual {
		low, high := v.Wide(p.In[0])
		for i, d := range []VecVirtual{low, high} {
			VSUBPD(mean, d, d)
			p.KeepWide(d, i)
			wide.FMA(d, d, sums[2*p.Slot+i])
		}
		return nil
	})
	finishSum(v, wide.Size, wide.Add, sums)
}

func normalize(v emit.Vec, bias bool) {
	name, slices, loop := "normalize", "dst, x, w", "for i < n: dst[i] = (x[i] - mean) * scale * w[i]"
	if bias {
		name, slices, loop = "normalizeBias", slices+", b", "for i < n: dst[i] = fma((x[i] - mean) * scale, w[i], b[i])"
	}
	function(v, name, "("+slices+" *float32, n int, mean, scale float32)", loop)
	dst, x, w := pointer("dst"), pointer("x"), pointer("w")
	mean, scale := scalar(v, "mean"), scalar(v, "scale")
	in := []Mem{x, w}
	if bias {
		in = append(in, pointer("b"))
	}
	v.ForEach(count(), unroll, in, &dst, func(p emit.Part) VecVirtual {
		VSUBPS(mean, p.In[0], p.In[0])
		VMULPS(scale, p.In[0], p.In[0])
		if !bias {
			VMULPS(p.In[1], p.In[0], p.In[0])
			return p.In[0]
		}
		v.FMA(p.In[0], p.In[1], p.In[2])
		return p.In[2]
	})
	finish()
}

func maxAbs(v emit.Vec) {
	function(v, "maxAbs", "(x *float32, n int) float32", "max |x[i]| over i < n, as bit patterns, which puts NaN above everything")
	x := pointer("x")
	tops := zeros(v, unroll)
	and, largest := VPAND3, VPMAXUD
	if v.Level == "AVX512" {
		and = VPANDD
	}
	magnitude := emit.Bits("magnitude", 0x7fffffff)
	v.ForEach(count(), unroll, []Mem{x}, nil, func(p emit.Part) VecVirtual {
		and(magnitude, p.In[0], p.In[0])
		largest(p.In[0], tops[p.Slot], tops[p.Slot])
		return nil
	})
	finishSum(v, 4, largest, tops)
}

// VPAND3 is VPAND with the signature of instructions that have more forms.
func VPAND3(ops ...Op) { VPAND(ops[0], ops[1], ops[2]) }

func rope(v emit.Vec) {
	function(v, "rope", "(dst0, dst1, x0, x1, cos, sin *float32, n int)",
		"for i < n: dst0[i], dst1[i] = x0[i]*cos[i] - x1[i]*sin[i], x1[i]*cos[i] + x0[i]*sin[i]")
	dst0, dst1 := pointer("dst0"), pointer("dst1")
	x0, x1, cos, sin := pointer("x0"), pointer("x1"), pointer("cos"), pointer("sin")
	v.ForEach(count(), 1, []Mem{x0, x1, cos, sin}, &dst0, func(p emit.Part) VecVirtual {
		lo, hi, c, s := p.In[0], p.In[1], p.In[2], p.In[3]
		first, second := v.Reg(), v.Reg()
		VMULPS(s, hi, first)
		VFMSUB231PS(c, lo, first)
		VMULPS(s, lo, second)
		VFMADD231PS(c, hi, second)
		p.Store(second, dst1)
		return first
	})
	finish()
}
