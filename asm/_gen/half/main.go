// Command half writes the conversions between float32 and 16-bit formats.
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
	widen("f16ToF32AVX512", "float32 of the binary16 src[i]", func(half, x VecVirtual) {
		VCVTPH2PS(half.AsY(), x)
	})
	widen("bf16ToF32AVX512", "float32 of the bfloat16 src[i]", func(half, x VecVirtual) {
		VPMOVZXWD(half.AsY(), x)
		VPSLLD(U8(16), x, x)
	})
	narrow("f32ToF16AVX512", "binary16 nearest to src[i]", func(x, half VecVirtual) {
		VCVTPS2PH(U8(0), x, half.AsY()) // to nearest even
	})
	narrow("f32ToBF16AVX512", "bfloat16 nearest to src[i]", bfloat16)
	narrowWhole("f32ToF16AVX2", "binary16 nearest to src[i]", func(x, half VecVirtual) {
		VCVTPS2PH(U8(0), x, half.AsX())
	})
	narrowWhole("f32ToBF16AVX2", "bfloat16 nearest to src[i]", bfloat16AVX2)
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
	TEXT(name, NOSPLIT, "func(dst *float32, src *uint16, n int)")
	loop(name, what, func(src, dst Mem, mask Op) {
		half, x := ZMM(), ZMM()
		if mask == nil {
			VMOVUPS(scaled(src, 2), half.AsY())
			convert(half, x)
			VMOVUPS(x, scaled(dst, 4))
			return
		}
		VMOVDQU16_Z(scaled(src, 2), mask, half.AsY())
		convert(half, x)
		VMOVUPS(x, mask, scaled(dst, 4))
	})
}

func narrow(name, what string, convert func(x, half VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *uint16, src *float32, n int)")
	loop(name, what, func(src, dst Mem, mask Op) {
		x, half := ZMM(), ZMM()
		if mask == nil {
			VMOVUPS(scaled(src, 4), x)
			convert(x, half)
			VMOVUPS(half.AsY(), scaled(dst, 2))
			return
		}
		VMOVUPS_Z(scaled(src, 4), mask, x)
		convert(x, half)
		VMOVDQU16(half.AsY(), mask, scaled(dst, 2))
	})
}

// narrowWhole writes a function for whole vectors only.
func narrowWhole(name, what string, convert func(x, half VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *uint16, src *float32, n int)")
	Doc(fmt.Sprintf("%s converts n numbers, a multiple of 8:", name), "", "\tfor i < n: dst[i] = "+what)
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	src := Mem{Base: Load(Param("src"), GP64())}
	n := Load(Param("n"), GP64())
	Label("loop")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	x, half := YMM(), YMM()
	VMOVUPS(src, x)
	convert(x, half)
	VMOVUPS(half.AsX(), dst)
	ADDQ(I8(32), src.Base)
	ADDQ(I8(16), dst.Base)
	SUBQ(I8(8), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func scaled(m Mem, size uint8) Mem {
	m.Scale = size
	return m
}

// loop writes a function that works on whole vectors and then under a mask.
func loop(name, what string, step func(src, dst Mem, mask Op)) {
	Doc(fmt.Sprintf("%s computes", name), "", "\tfor i < n: dst[i] = "+what)
	Pragma("noescape")
	i := GP64()
	dst := Mem{Base: Load(Param("dst"), GP64()), Index: i}
	src := Mem{Base: Load(Param("src"), GP64()), Index: i}
	n := Load(Param("n"), GP64())
	XORQ(i, i)
	Label("loop")
	CMPQ(n, I8(lanes))
	JLT(LabelRef("tail"))
	step(src, dst, nil)
	ADDQ(I8(lanes), i)
	SUBQ(I8(lanes), n)
	JMP(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	bits, mask := GP64(), K()
	MOVQ(I32(-1), bits)
	BZHIQ(n, bits, bits)
	KMOVQ(bits, mask)
	step(src, dst, mask)
	Label("done")
	VZEROUPPER()
	RET()
}
