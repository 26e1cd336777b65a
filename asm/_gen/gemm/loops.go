package main

import (
	"math/bits"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	// unroll is how many steps over k one turn of the loop makes.
	unroll = 4

	// early is how many cycles before the end the tile of C is sent for: it may have
	// to come from memory, and would be driven out again by A and B if it came much
	// too soon. A step takes a cycle for each row.
	early = 800

	// rowsAhead is how many rows before it is loaded a line of B is asked for where B
	// is not packed.
	rowsAhead = 64
)

// multiply writes the loop over k for packed panels.
func (t *kernel) multiply() {
	t.turns("packed", func(p, i int) Mem { return t.a.Offset((p*t.rows + i) * t.Size) }, t.advance)
}

// readA writes the loop over k that reads A where it lies.
func (t *kernel) readA() {
	src := GP64()
	MOVQ(t.fromA, src)
	from := emit.NewRows(t.Vec, (t.rows+3)/4*4, src, Load(Param("lda"), GP64()))
	t.turns("inPlace", func(p, i int) Mem { return from.Row(i).Offset(p * t.Size) }, func(steps int) {
		from.AdvanceBy(steps * t.Size)
		ADDQ(I32(steps*t.nr*t.Size), t.b.Base)
	})
}

// turns writes the loop over k for a packed panel of B. Element i of the column of A that is p steps further is where
// element says.
func (t *kernel) turns(name string, element func(p, i int) Mem, advance func(steps int)) {
	fetch := t.prefetcher()
	k, turns, last := Load(Param("k"), GP64()), GP64(), GP64() // last: turns left when C is sent for
	MOVQ(k, turns)
	SHRQ(U8(2), turns)
	ANDQ(I8(unroll-1), k)
	MOVQ(I32(early/(unroll*t.rows)), last)
	CMPQ(turns, last)
	CMOVQLT(turns, last)
	SUBQ(last, turns)
	JZ(LabelRef(name + "Send"))

	emit.AlignLoop()
	Label(name + "Turn")
	for p := range unroll {
		t.oneStep(p, element)
	}
	fetch()
	advance(unroll)
	DECQ(turns)
	JNZ(LabelRef(name + "Turn"))

	Label(name + "Send")
	t.sendForC()
	// The turns that are left, once.
	XCHGQ(turns, last)
	TESTQ(turns, turns)
	JNZ(LabelRef(name + "Turn"))

	TESTQ(k, k)
	JZ(LabelRef("finish"))
	Label(name + "Rest")
	t.oneStep(0, element)
	advance(1)
	DECQ(k)
	JNZ(LabelRef(name + "Rest"))
}

// packA writes the loop over k that reads A where it lies and packs it, k ≥ 1.
func (t *kernel) packA() {
	t.sendForC()
	k := Load(Param("k"), GP64())
	src := GP64()
	MOVQ(t.fromA, src)
	from := emit.NewRows(t.Vec, (t.rows+3)/4*4, src, Load(Param("lda"), GP64()))
	emit.AlignLoop()
	Label("stepA")
	b := t.loadB(t.b)
	for i := range t.sums {
		x := t.Reg()
		t.Bcast(from.Row(i), x)
		copyElement(t.Size, from.Row(i), t.a.Offset(i*t.Size))
		t.fma(i, x, b)
	}
	from.AdvanceBy(t.Size)
	t.advance(1)
	DECQ(k)
	JNZ(LabelRef("stepA"))
	MOVQ(U32(0), t.fromA)
}

// packB writes the loop over k that reads B where it lies, k ≥ 1.
func (t *kernel) packB() {
	t.sendForC()
	fetch := t.prefetcher()
	k, turn := Load(Param("k"), GP64()), GP64()
	src, ldb := Mem{Base: GP64()}, Load(Param("ldb"), GP64())
	SHLQ(U8(t.Shift()), ldb)
	MOVQ(t.fromB, src.Base)
	// Up to rowsAhead before the end the same panel, then the next one from its
	// beginning.
	ahead, beyond, left := GP64(), GP64(), GP64()
	MOVQ(k, left)
	SUBQ(I32(rowsAhead), left)
	MOVQ(left, beyond)
	IMULQ(ldb, beyond)
	NEGQ(beyond)
	ADDQ(I32(t.nr*t.Size), beyond)
	MOVQ(ldb, ahead)
	SHLQ(U8(bits.TrailingZeros(rowsAhead)), ahead)
	CMPQ(left, I8(0))
	JG(LabelRef("long"))
	MOVQ(I32(t.nr*t.Size), ahead)
	MOVQ(ahead, beyond)
	Label("long")
	next := src
	next.Index, next.Scale = ahead, 1
	XORQ(turn, turn)
	emit.AlignLoop()
	Label("stepB")
	b := t.loadB(src)
	for j, x := range b {
		t.Load(x, t.b.Offset(j*t.Bytes()))
	}
	for at := 0; at < t.nr*t.Size; at += 64 {
		PREFETCHT1(next.Offset(at))
	}
	for i := range t.sums {
		x := t.Reg()
		t.Bcast(t.a.Offset(i*t.Size), x)
		t.fma(i, x, b)
	}
	ADDQ(ldb, src.Base)
	t.advance(1)
	INCQ(turn)
	TESTQ(I32(unroll-1), turn)
	JNZ(LabelRef("sameTurn"))
	fetch()
	Label("sameTurn")
	DECQ(left)
	CMOVQEQ(beyond, ahead)
	DECQ(k)
	JNZ(LabelRef("stepB"))
	ADDQ(I32(t.nr*t.Size), t.fromB)
}

// prefetcher returns what asks for the lines that will be needed soon.
func (t *kernel) prefetcher() func() {
	soon, step := Mem{Base: GP64(), Index: GP64(), Scale: 1}, GP64()
	MOVQ(t.soon, soon.Base)
	MOVQ(t.apart, soon.Index)
	MOVQ(t.step, step)
	return func() {
		PREFETCHT1(Mem{Base: soon.Base})
		PREFETCHT1(soon)
		ADDQ(step, soon.Base)
	}
}

// sendForC fetches the tile of C.
func (t *kernel) sendForC() {
	row, ldc := Mem{Base: GP64()}, Load(Param("ldc"), GP64())
	MOVQ(t.c, row.Base)
	for i := range t.rows {
		PREFETCHT0(row)
		if t.nr*t.Size > 64 {
			PREFETCHT0(row.Offset(t.nr*t.Size - t.Size))
		}
		if i+1 < t.rows {
			LEAQ(Mem{Base: row.Base, Index: ldc, Scale: uint8(t.Size)}, row.Base)
		}
	}
}

// oneStep writes one step over k, p rows of the panel of B further on.
func (t *kernel) oneStep(p int, element func(p, i int) Mem) {
	b := t.loadB(t.b.Offset(p * t.nr * t.Size))
	for i := range t.sums {
		x := t.Reg()
		t.Bcast(element(p, i), x)
		t.fma(i, x, b)
	}
}

func (t *kernel) loadB(from Mem) (b [2]VecVirtual) {
	for j := range b {
		b[j] = t.Reg()
		t.Load(from.Offset(j*t.Bytes()), b[j])
	}
	return b
}

func (t *kernel) fma(i int, x VecVirtual, b [2]VecVirtual) {
	for j, sum := range t.sums[i] {
		t.FMA(x, b[j], sum)
	}
}

// copyElement copies an element by way of a general register: stores from vectors
// get into the way of multiply-adds.
func copyElement(size int, from, to Mem) {
	x := GP64()
	if size == 8 {
		MOVQ(from, x)
		MOVQ(x, to)
	} else {
		MOVL(from, x.As32())
		MOVL(x.As32(), to)
	}
}

func (t *kernel) advance(steps int) {
	ADDQ(I32(steps*t.rows*t.Size), t.a.Base)
	ADDQ(I32(steps*t.nr*t.Size), t.b.Base)
}
