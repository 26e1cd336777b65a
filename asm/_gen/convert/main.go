// Command convert writes the conversions between float32 and 16-bit formats.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const lanes = 16

func main() {
	emit.Begin()
	widen("widenF16AVX512", "float32 of the binary16 src[i]", func(half, x VecVirtual) {
		VCVTPH2PS(half.AsY(), x)
	})
	widen("widenBF16AVX512", "float32 of the bfloat16 src[i]", func(half, x VecVirtual) {
		VPMOVZXWD(half.AsY(), x)
		VPSLLD(U8(16), x, x)
	})
	widenWhole("widenF16AVX2", "float32 of the binary16 src[i]", func(half, x VecVirtual) {
		VCVTPH2PS(half.AsX(), x)
	})
	widenWhole("widenBF16AVX2", "float32 of the bfloat16 src[i]", func(half, x VecVirtual) {
		VPMOVZXWD(half.AsX(), x)
		VPSLLD(U8(16), x, x)
	})
	narrow("narrowF16AVX512", "binary16 nearest to src[i]", func(x, half VecVirtual) {
		VCVTPS2PH(U8(0), x, half.AsY()) // to nearest even
	})
	narrow("narrowBF16AVX512", "bfloat16 nearest to src[i]", bfloat16)
	narrowWhole("narrowF16AVX2", "binary16 nearest to src[i]", func(x, half VecVirtual) {
		VCVTPS2PH(U8(0), x, half.AsX())
	})
	narrowWhole("narrowBF16AVX2", "bfloat16 nearest to src[i]", bfloat16AVX2)
	Generate()
}

// bfloat16 rounds by adding half a unit, less one if the kept part is even.
func bfloat16(x, half VecVirtual) {
	kept, sum, nan := ZMM(), ZMM(), K()
	VCMPPS(U8(3), x, x, nan) // unordered
	VPSRLD(U8(16), x, kept)
	VPANDD(emit.Bits("one", 1), kept, sum)
	VPADDD(emit.Bits("almostHalf", 0x7fff), sum, sum)
	VPADDD(x, sum, sum)
	VPSRLD(U8(16), sum, sum)
	VPORD(emit.Bits("quiet", 0x40), kept, nan, sum)
	VPMOVDW(sum, half.AsY())
}

// bfloat16AVX2 does the same where there are no masks.
func bfloat16AVX2(x, half VecVirtual) {
	kept, sum, nan, quiet := YMM(), YMM(), YMM(), YMM()
	VCMPPS(U8(3), x, x, nan)
	VPSRLD(U8(16), x, kept)
	VPAND(emit.Bits("one", 1), kept, sum)
	VPADDD(emit.Bits("almostHalf", 0x7fff), sum, sum)
	VPADDD(x, sum, sum)
	VPSRLD(U8(16), sum, sum)
	VPOR(emit.Bits("quiet", 0x40), kept, quiet)
	VBLENDVPS(nan, quiet, sum, sum)
	VEXTRACTI128(U8(1), sum, half.AsX())
	VPACKUSDW(half.AsX(), sum.AsX(), half.AsX())
}

func widen(name, what string, convert func(half, x VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *float32, src *byte, n int)")
	loop(name, what, 2, 4, func(src, dst Mem, mask Op) {
		half, x := ZMM(), ZMM()
		if mask == nil {
			VMOVUPS(src, half.AsY())
			convert(half, x)
			VMOVUPS(x, dst)
			return
		}
		VMOVDQU16_Z(src, mask, half.AsY())
		convert(half, x)
		VMOVUPS(x, mask, dst)
	})
}

func narrow(name, what string, convert func(x, half VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *byte, src *float32, n int)")
	loop(name, what, 4, 2, func(src, dst Mem, mask Op) {
		x, half := ZMM(), ZMM()
		if mask == nil {
			VMOVUPS(src, x)
			convert(x, half)
			VMOVUPS(half.AsY(), dst)
			return
		}
		VMOVUPS_Z(src, mask, x)
		convert(x, half)
		VMOVDQU16(half.AsY(), mask, dst)
	})
}

// widenWhole and narrowWhole write functions for whole vectors only.

func widenWhole(name, what string, convert func(half, x VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *float32, src *byte, n int)")
	loopWhole(name, what, 2, 4, func(src, dst Mem) {
		half, x := YMM(), YMM()
		VMOVUPS(src, half.AsX())
		convert(half, x)
		VMOVUPS(x, dst)
	})
}

func narrowWhole(name, what string, convert func(x, half VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *byte, src *float32, n int)")
	loopWhole(name, what, 4, 2, func(src, dst Mem) {
		x, half := YMM(), YMM()
		VMOVUPS(src, x)
		convert(x, half)
		VMOVUPS(half.AsX(), dst)
	})
}

// unroll is how many vectors a turn of the main loops converts.
const unroll = 4

// loopWhole writes a loop over whole vectors of elements of the given sizes.
func loopWhole(name, what string, from, to int, step func(src, dst Mem)) {
	const lanes = 8
	Doc(fmt.Sprintf("%s converts n numbers, a multiple of %d:", name, lanes), "", "\tfor i < n: dst[i] = "+what)
	Pragma("noescape")
	dst := emit.Pointer("dst")
	src := emit.Pointer("src")
	n := Load(Param("n"), GP64())
	turn := func(label, after string, vectors int) {
		Label(label)
		CMPQ(n, U32(vectors*lanes))
		JLT(LabelRef(after))
		for v := range vectors {
			step(src.Offset(v*lanes*from), dst.Offset(v*lanes*to))
		}
		ADDQ(U32(vectors*lanes*from), src.Base)
		ADDQ(U32(vectors*lanes*to), dst.Base)
		SUBQ(U32(vectors*lanes), n)
		JMP(LabelRef(label))
	}
	turn("loop", "vector", unroll)
	turn("vector", "done", 1)
	Label("done")
	emit.Finish()
}

func scaled(m Mem, size int) Mem {
	m.Scale = uint8(size)
	return m
}

// loop writes a function that works on whole vectors of elements of the given sizes and then under a mask.
func loop(name, what string, from, to int, step func(src, dst Mem, mask Op)) {
	Doc(fmt.Sprintf("%s computes", name), "", "\tfor i < n: dst[i] = "+what)
	Pragma("noescape")
	i := GP64()
	dst := scaled(Mem{Base: Load(Param("dst"), GP64()), Index: i}, to)
	src := scaled(Mem{Base: Load(Param("src"), GP64()), Index: i}, from)
	n := Load(Param("n"), GP64())
	XORQ(i, i)
	turn := func(label, after string, vectors int) {
		Label(label)
		CMPQ(n, U32(vectors*lanes))
		JLT(LabelRef(after))
		for v := range vectors {
			step(src.Offset(v*lanes*from), dst.Offset(v*lanes*to), nil)
		}
		ADDQ(U32(vectors*lanes), i)
		SUBQ(U32(vectors*lanes), n)
		JMP(LabelRef(label))
	}
	turn("loop", "vector", unroll)
	turn("vector", "tail", 1)
	Label("tail")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	bits, mask := GP64(), K()
	MOVQ(I32(-1), bits)
	BZHIQ(n, bits, bits)
	KMOVQ(bits, mask)
	step(src, dst, mask)
	Label("done")
	emit.Finish()
}
