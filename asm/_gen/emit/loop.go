package emit

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Part is the piece of the operands that a turn of a loop works on.
type Part struct {
	In   []reg.VecVirtual // a vector of every input; in the last, partial one the rest is zero
	Slot int              // 0 ≤ Slot < unroll: which vector of the turn

	v    Vec
	at   func(m operand.Mem) operand.Mem // address of the vector in a slice
	mask *Mask                           // of a partial vector
}

// Store writes a vector to one more output.
func (p Part) Store(x reg.VecVirtual, to operand.Mem) {
	if p.mask != nil {
		p.mask.Store(x, p.at(to))
	} else {
		p.v.Load(x, p.at(to))
	}
}

// Keep clears the lanes that lie beyond the end.
func (p Part) Keep(x reg.VecVirtual) {
	if p.mask != nil {
		p.mask.keep(x)
	}
}

// KeepWide is Keep for the low (half 0) or high (half 1) elements of a vector
// after [Vec.Wide].
func (p Part) KeepWide(x reg.VecVirtual, half int) {
	if p.mask != nil {
		p.mask.keepWide(x, half)
	}
}

// ForEach writes a loop over n elements of the inputs: turns of unroll vectors,
// then single vectors, then a last, partial vector under a mask. body is called
// for every vector written; what it returns is stored to out, if there is one.
func (v Vec) ForEach(n reg.Register, unroll int, in []operand.Mem, out *operand.Mem, body func(p Part) reg.VecVirtual) {
	i := build.GP64()
	build.XORQ(i, i)
	at := func(m operand.Mem, slot int) operand.Mem {
		m.Index, m.Scale = i, uint8(v.Size)
		return m.Offset(slot * v.Bytes())
	}
	whole := func(slot int) {
		p := Part{Slot: slot, v: v, at: func(m operand.Mem) operand.Mem { return at(m, slot) }}
		for _, m := range in {
			x := v.Reg()
			v.Load(at(m, slot), x)
			p.In = append(p.In, x)
		}
		if y := body(p); out != nil {
			v.Load(y, at(*out, slot))
		}
	}
	if unroll > 1 {
		build.Label("unrolled")
		build.CMPQ(n, operand.I32(unroll*v.Lanes))
		build.JLT(operand.LabelRef("single"))
		for slot := range unroll {
			whole(slot)
		}
		build.ADDQ(operand.I32(unroll*v.Lanes), i)
		build.SUBQ(operand.I32(unroll*v.Lanes), n)
		build.JMP(operand.LabelRef("unrolled"))
	}
	build.Label("single")
	build.CMPQ(n, operand.I32(v.Lanes))
	build.JLT(operand.LabelRef("tail"))
	whole(0)
	build.ADDQ(operand.I32(v.Lanes), i)
	build.SUBQ(operand.I32(v.Lanes), n)
	build.JMP(operand.LabelRef("single"))

	build.Label("tail")
	build.TESTQ(n, n)
	build.JLE(operand.LabelRef("done"))
	mask := v.NewMask(n)
	p := Part{v: v, mask: mask, at: func(m operand.Mem) operand.Mem { return at(m, 0) }}
	for _, m := range in {
		p.In = append(p.In, mask.Load(at(m, 0)))
	}
	if y := body(p); out != nil {
		mask.Store(y, at(*out, 0))
	}
	build.Label("done")
}

// Mask selects the first lanes of a vector.
type Mask struct {
	v    Vec
	bits reg.OpmaskVirtual // AVX-512
	wide reg.VecVirtual    // AVX2
}

// NewMask returns the mask of the first n lanes, 0 < n < v.Lanes. n is changed.
func (v Vec) NewMask(n reg.Register) *Mask {
	if v.Level == "AVX512" {
		one, bits := build.GP64(), build.K()
		build.MOVQ(operand.I32(-1), one)
		build.BZHIQ(n, one, one)
		build.KMOVQ(one, bits)
		return &Mask{v: v, bits: bits}
	}
	// From a table of ones followed by zeros, start n elements before the zeros.
	table, back := build.GP64(), build.GP64()
	build.LEAQ(maskTable(), table)
	build.MOVQ(n, back)
	build.NEGQ(back)
	wide := v.Reg()
	build.VMOVUPS(operand.Mem{Base: table, Index: back, Scale: uint8(v.Size), Disp: 32}, wide)
	return &Mask{v: v, wide: wide}
}

// Bits returns the register that holds the mask at AVX-512.
func (m *Mask) Bits() reg.OpmaskVirtual { return m.bits }

// Load loads the selected elements; the other lanes are zero.
func (m *Mask) Load(from operand.Mem) reg.VecVirtual {
	x := m.v.Reg()
	switch {
	case m.wide == nil && m.v.Size == 4:
		build.VMOVUPS_Z(from, m.bits, x)
	case m.wide == nil:
		build.VMOVUPD_Z(from, m.bits, x)
	case m.v.Size == 4:
		build.VMASKMOVPS(from, m.wide, x)
	default:
		build.VMASKMOVPD(from, m.wide, x)
	}
	return x
}

// Store stores the selected elements.
func (m *Mask) Store(x reg.VecVirtual, to operand.Mem) {
	switch {
	case m.wide == nil:
		m.v.StoreMasked(x, m.bits, to)
	case m.v.Size == 4:
		build.VMASKMOVPS(x, m.wide, to)
	default:
		build.VMASKMOVPD(x, m.wide, to)
	}
}

func (m *Mask) keep(x reg.VecVirtual) {
	if m.wide == nil {
		build.VMOVAPS_Z(x, m.bits, x)
	} else {
		build.VANDPS(m.wide, x, x)
	}
}

func (m *Mask) keepWide(x reg.VecVirtual, half int) {
	if m.wide == nil {
		bits := m.bits
		if half == 1 {
			bits = build.K()
			build.KSHIFTRW(operand.U8(8), m.bits, bits)
		}
		build.VMOVAPD_Z(x, bits, x)
		return
	}
	// A word of the mask stands for an element: double each.
	words, wide := m.v.Reg(), m.v.Reg()
	build.VEXTRACTF128(operand.U8(half), m.wide, words.AsX())
	build.VPMOVSXDQ(words.AsX(), wide)
	build.VANDPD(wide, x, x)
}

var maskTableMem *operand.Mem

// maskTable returns the address of 32 bytes of ones and 32 of zeros.
func maskTable() operand.Mem {
	if maskTableMem == nil {
		m := build.GLOBL("tailMask", build.RODATA|build.NOPTR)
		for i := range 8 {
			ones := operand.U64(0)
			if i < 4 {
				ones = ^ones
			}
			build.DATA(8*i, ones)
		}
		maskTableMem = &m
	}
	return *maskTableMem
}
