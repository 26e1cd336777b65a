// Command pack writes the kernels that bring matrices into panels.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// fetch is how many bytes ahead of its loads a kernel that transposes sends for
// lines.
const fetch = 512

func main() {
	emit.Begin()
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F64AVX512, emit.F32AVX2, emit.F64AVX2} {
		rows(v)
		columns(v)
	}
	Generate()
}

// rows writes the kernel that copies rows of panels.
//
// Elements are stored as whole vectors, in the order of rows, so that the next
// rows cover what sticks out of one; a store under a mask is far slower. Only the
// last rows must not stick out of the panel.
func rows(v emit.Vec) {
	name := "packRows" + v.Suffix()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, src *%s, ld, width, stride, panels, apart, k int)", v.Type))
	Doc(
		fmt.Sprintf("%s packs panels whose rows are contiguous in the matrix:", name),
		"",
		"\tfor p < k, q < panels, i < width: dst[q*apart+p*stride+i] = src[p*ld+q*width+i]",
		"",
		fmt.Sprintf("width is at most %d, k and panels are positive. Between the rows of a panel it", 2*v.Lanes),
		"may write whatever it likes.",
	)
	Pragma("noescape")
	size := func(name string) Register {
		n := Load(Param(name), GP64())
		SHLQ(U8(v.Shift()), n)
		return n
	}
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	ld, stride, apart := size("ld"), size("stride"), size("apart")
	room := Load(Param("k"), GP64()) // bytes of the panel from this row on
	IMULQ(stride, room)
	width := Load(Param("width"), GP64())
	widthBytes := GP64()
	MOVQ(width, widthBytes)
	SHLQ(U8(v.Shift()), widthBytes)

	low, high := GP64(), GP64()
	MOVQ(I32(v.Lanes), low)
	CMPQ(width, low)
	CMOVQLT(width, low)
	MOVQ(width, high)
	SUBQ(low, high)
	masks := []*emit.Mask{v.NewMask(low), v.NewMask(high)}

	from, to := Mem{Base: GP64()}, Mem{Base: GP64()}
	left := GP64()
	row := func(label string, vectors int, masked bool) {
		MOVQ(src, from.Base)
		MOVQ(dst, to.Base)
		MOVQ(Load(Param("panels"), GP64()), left)
		Label(label)
		for i, m := range masks[:vectors] {
			x := m.Load(from.Offset(i * v.Bytes()))
			if masked {
				m.Store(x, to.Offset(i*v.Bytes()))
			} else {
				v.Load(x, to.Offset(i*v.Bytes()))
			}
		}
		// Four rows ahead.
		next := Mem{Base: from.Base, Index: ld, Scale: 4}
		PREFETCHT0(next)
		if vectors*v.Bytes() > 64 {
			PREFETCHT0(next.Offset(64))
		}
		ADDQ(widthBytes, from.Base)
		ADDQ(apart, to.Base)
		DECQ(left)
		JNZ(LabelRef(label))
	}
	all := func(label string, vectors int) {
		Label(label)
		CMPQ(room, I32(vectors*v.Bytes()))
		JLT(LabelRef(label + "Last"))
		row(label+"Panels", vectors, false)
		ADDQ(ld, src)
		ADDQ(stride, dst)
		SUBQ(stride, room)
		JMP(LabelRef(label))
		Label(label + "Last")
		TESTQ(room, room)
		JZ(LabelRef(label + "Done"))
		row(label+"LastPanels", vectors, true)
		ADDQ(ld, src)
		ADDQ(stride, dst)
		SUBQ(stride, room)
		JMP(LabelRef(label + "Last"))
		Label(label + "Done")
		emit.Finish()
	}
	TESTQ(high, high)
	JZ(LabelRef("narrow"))
	all("wide", 2)
	Label("narrow")
	all("single", 1)
}

// columns writes the kernel that turns rows of the matrix into columns of the
// panel: a square of them at a time is transposed in registers. Columns are stored
// as whole vectors one after the other, the next covering what sticks out.
func columns(v emit.Vec) {
	name := "packColumns" + v.Suffix()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, src *%s, ld, rows, stride, k int)", v.Type))
	Doc(
		fmt.Sprintf("%s packs up to %d rows along k as columns of a panel:", name, v.Lanes),
		"",
		"\tfor p < k, q < rows: dst[p*stride+q] = src[q*ld+p]",
		"",
		fmt.Sprintf("It writes %d elements at each p, in the order of p.", v.Lanes),
	)
	Pragma("noescape")
	dst := emit.Pointer("dst")
	src := Load(Param("src"), GP64())
	ld := Load(Param("ld"), GP64())
	rows := Load(Param("rows"), GP64())
	stride := Load(Param("stride"), GP64())
	k := Load(Param("k"), GP64())
	SHLQ(U8(v.Shift()), ld)
	SHLQ(U8(v.Shift()), stride)

	// From the end of these rows to where the next ones start.
	wrap, bytes := GP64(), GP64()
	MOVQ(rows, wrap)
	IMULQ(ld, wrap)
	MOVQ(k, bytes)
	SHLQ(U8(v.Shift()), bytes)
	SUBQ(bytes, wrap)

	// Where the rows start; the last one stands in for those beyond.
	starts := AllocLocal(8 * v.Lanes)
	at := GP64()
	XORQ(at, at)
	for q := range v.Lanes {
		MOVQ(at, starts.Offset(8*q))
		next := GP64()
		LEAQ(Mem{Base: at, Index: ld, Scale: 1}, next)
		DECQ(rows)
		CMOVQGT(next, at)
	}
	row := func(q int) Mem {
		start := GP64()
		MOVQ(starts.Offset(8*q), start)
		return Mem{Base: src, Index: start, Scale: 1}
	}

	Label("square")
	SUBQ(I8(v.Lanes), k)
	JLT(LabelRef("tail"))
	// Fetch what comes later in the rows, or after the end the next rows.
	ahead, further := GP64(), GP64()
	LEAQ(Mem{Base: src, Disp: fetch}, ahead)
	LEAQ(Mem{Base: ahead, Index: wrap, Scale: 1}, further)
	CMPQ(k, I32(fetch/v.Size-v.Lanes))
	CMOVQLE(further, ahead)
	square := v.Transpose(v.Lanes, func(q int) VecVirtual {
		x, m := v.Reg(), row(q)
		v.Load(m, x)
		PREFETCHT0(Mem{Base: ahead, Index: m.Index, Scale: 1})
		return x
	})
	for _, x := range square {
		v.Load(x, dst)
		ADDQ(stride, dst.Base)
	}
	ADDQ(I8(v.Bytes()), src)
	JMP(LabelRef("square"))

	Label("tail")
	ADDQ(I8(v.Lanes), k)
	JZ(LabelRef("done"))
	mask := v.NewMask(k)
	part := v.Transpose(v.Lanes, func(q int) VecVirtual { return mask.Load(row(q)) })
	for _, x := range part {
		v.Load(x, dst)
		ADDQ(stride, dst.Base)
		DECQ(k)
		JZ(LabelRef("done"))
	}
	Label("done")
	emit.Finish()
}
