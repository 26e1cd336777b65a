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
	rowsHead(v)
	size := func(name string) Register {
		n := Load(Param(name), GP64())
		SHLQ(U8(v.Shift()), n)
		return n
	}
	c := &rowCopy{v: v}
	c.dst, c.src = Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	c.ld, c.stride, c.apart = size("ld"), size("stride"), size("apart")
	c.room = Load(Param("k"), GP64())
	IMULQ(c.stride, c.room)
	width := Load(Param("width"), GP64())
	c.widthBytes = GP64()
	MOVQ(width, c.widthBytes)
	SHLQ(U8(v.Shift()), c.widthBytes)

	low, high := GP64(), GP64()
	MOVQ(I32(v.Lanes), low)
	CMPQ(width, low)
	CMOVQLT(width, low)
	MOVQ(width, high)
	SUBQ(low, high)
	c.masks = []*emit.Mask{v.NewMask(low), v.NewMask(high)}

	c.from, c.to, c.left = Mem{Base: GP64()}, Mem{Base: GP64()}, GP64()
	TESTQ(high, high)
	JZ(LabelRef("narrow"))
	c.all("wide", 2)
	Label("narrow")
	c.all("single", 1)
}

func rowsHead(v emit.Vec) {
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
}

// rowCopy is where the next row is read and written.
type rowCopy struct {
	v                 emit.Vec
	dst, src          Register
	ld, stride, apart Register // in bytes
	room              Register // bytes of the panel from this row on
	widthBytes        Register
	masks             []*emit.Mask // of the one or two vectors of a row
	from, to          Mem
	left              Register
}

// all writes the loops over the rows, each of so many vectors.
func (c *rowCopy) all(label string, vectors int) {
	Label(label)
	CMPQ(c.room, I32(vectors*c.v.Bytes()))
	JLT(LabelRef(label + "Last"))
	c.row(label+"Panels", vectors, false)
	JMP(LabelRef(label))
	Label(label + "Last")
	TESTQ(c.room, c.room)
	JZ(LabelRef(label + "Done"))
	c.row(label+"LastPanels", vectors, true)
	JMP(LabelRef(label + "Last"))
	Label(label + "Done")
	emit.Finish()
}

// row writes the loop that copies one row of each panel, and goes on to the next.
func (c *rowCopy) row(label string, vectors int, masked bool) {
	v := c.v
	MOVQ(c.src, c.from.Base)
	MOVQ(c.dst, c.to.Base)
	MOVQ(Load(Param("panels"), GP64()), c.left)
	Label(label)
	for i, m := range c.masks[:vectors] {
		x := m.Load(c.from.Offset(i * v.Bytes()))
		if masked {
			m.Store(x, c.to.Offset(i*v.Bytes()))
		} else {
			v.Load(x, c.to.Offset(i*v.Bytes()))
		}
	}
	// Four rows ahead.
	next := Mem{Base: c.from.Base, Index: c.ld, Scale: 4}
	PREFETCHT0(next)
	if vectors*v.Bytes() > 64 {
		PREFETCHT0(next.Offset(64))
	}
	ADDQ(c.widthBytes, c.from.Base)
	ADDQ(c.apart, c.to.Base)
	DECQ(c.left)
	JNZ(LabelRef(label))
	ADDQ(c.ld, c.src)
	ADDQ(c.stride, c.dst)
	SUBQ(c.stride, c.room)
}

// columns writes the kernel that turns rows of the matrix into columns of the
// panel: a square of them at a time is transposed in registers. Columns are stored
// as whole vectors one after the other, the next covering what sticks out.
func columns(v emit.Vec) {
	columnsHead(v)
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
	row := rowStarts(v, src, ld, rows)

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

func columnsHead(v emit.Vec) {
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
}

// rowStarts keeps where the rows start, the last one standing in for those beyond, and returns the memory of
// row q. It changes the register rows.
func rowStarts(v emit.Vec, src, ld, rows Register) func(q int) Mem {
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
	return func(q int) Mem {
		start := GP64()
		MOVQ(starts.Offset(8*q), start)
		return Mem{Base: src, Index: start, Scale: 1}
	}
}
