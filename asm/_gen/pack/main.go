// Command pack writes the kernels that bring matrices into panels.
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
	// One function for the columns of B and one for the rows of A each. Groups
	// are as long as divides the panel and fits a vector.
	rows(emit.F32AVX512, 32)
	rows(emit.F32AVX512, 12)
	rows(emit.F64AVX512, 16)
	rows(emit.F64AVX512, 12)
	transposed(emit.F32AVX512, 32, 16)
	transposed(emit.F32AVX512, 12, 12)
	transposed(emit.F64AVX512, 16, 8)
	transposed(emit.F64AVX512, 12, 4)
	rows(emit.F32AVX2, 16)
	rows(emit.F32AVX2, 6)
	rows(emit.F64AVX2, 8)
	rows(emit.F64AVX2, 6)
	transposed(emit.F32AVX2, 16, 8)
	transposed(emit.F32AVX2, 6, 4)
	transposed(emit.F64AVX2, 8, 4)
	transposed(emit.F64AVX2, 6, 4)
	Generate()
}

// rows writes the kernel that copies rows of a panel's width.
func rows(v emit.Vec, width int) {
	name := fmt.Sprintf("packRows%dx%s", width, v.Suffix())
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, src *%s, ld, k int)", v.Type))
	Doc(
		fmt.Sprintf("%s packs rows that are contiguous in the matrix:", name),
		"",
		fmt.Sprintf("\tfor p < k, q < %d: dst[p*%d+q] = src[p*ld+q]", width, width),
	)
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	src := Mem{Base: Load(Param("src"), GP64())}
	ld := Load(Param("ld"), GP64())
	k := Load(Param("k"), GP64())
	SHLQ(U8(v.Shift()), ld)
	Label("loop")
	TESTQ(k, k)
	JLE(LabelRef("done"))
	for at := 0; at < width*v.Size; {
		at += copyPiece(min(v.Bytes(), width*v.Size-at), src.Offset(at), dst.Offset(at))
	}
	ADDQ(ld, src.Base)
	ADDQ(I32(width*v.Size), dst.Base)
	DECQ(k)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// copyPiece copies as much as fits one register, but no more than the given
// number of bytes, and returns how much.
func copyPiece(bytes int, src, dst Mem) int {
	switch {
	case bytes >= 64:
		x := ZMM()
		VMOVUPS(src, x)
		VMOVUPS(x, dst)
		return 64
	case bytes >= 32:
		x := YMM()
		VMOVUPS(src, x)
		VMOVUPS(x, dst)
		return 32
	case bytes >= 16:
		x := XMM()
		VMOVUPS(src, x)
		VMOVUPS(x, dst)
		return 16
	}
	x := XMM()
	VMOVQ(src, x)
	VMOVQ(x, dst)
	return 8
}

// transposed writes the kernel that turns a group of rows of the matrix into
// columns of the panel.
func transposed(v emit.Vec, width, group int) {
	name := fmt.Sprintf("packColumns%dx%s", width, v.Suffix())
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, src *%s, ld, k int)", v.Type))
	Doc(
		fmt.Sprintf("%s packs %d rows along k as columns of a panel of width %d:", name, group, width),
		"",
		fmt.Sprintf("\tfor p < k, q < %d: dst[p*%d+q] = src[q*ld+p]", group, width),
		"",
		fmt.Sprintf("k must be a multiple of %d.", v.Lanes),
	)
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	k := Load(Param("k"), GP64())
	source := emit.NewRows(v, group, Load(Param("src"), GP64()), Load(Param("ld"), GP64()))
	var mask OpmaskVirtual
	if group < v.Lanes && v.Level == "AVX512" {
		mask = K()
		bits := GP32()
		MOVL(U32(1<<group-1), bits)
		KMOVW(bits, mask)
	}
	Label("loop")
	TESTQ(k, k)
	JLE(LabelRef("done"))
	for p, column := range source.Columns(0, nil) {
		row := dst.Offset(p * width * v.Size)
		switch {
		case group == v.Lanes:
			v.Load(column, row)
		case v.Level == "AVX512":
			v.StoreMasked(column, mask, row)
		default:
			v.Load(column.AsX(), row) // half of a vector
		}
	}
	ADDQ(I32(v.Lanes*width*v.Size), dst.Base)
	source.Advance()
	SUBQ(I8(v.Lanes), k)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}
