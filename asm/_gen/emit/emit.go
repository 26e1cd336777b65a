// Package emit holds what the kernel programs share: register sets of the
// instruction levels, and instructions by element type.
package emit

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Vec describes vectors of one element type at one level.
type Vec struct {
	Level string // suffix of function names
	Type  string // Go element type
	Size  int    // of an element in bytes
	Lanes int

	Reg   func() reg.VecVirtual
	Load  func(ops ...operand.Op) // unaligned load or store
	Bcast func(ops ...operand.Op)
	Zero  func(ops ...operand.Op)
	Mul   func(ops ...operand.Op)
	Add   func(ops ...operand.Op)
	FMA   func(ops ...operand.Op) // op2 = op0·op1 + op2
	FMA2  func(ops ...operand.Op) // op2 = op1·op2 + op0 (213 form)
}

// Bytes returns the size of a vector.
func (v Vec) Bytes() int { return v.Size * v.Lanes }

// Shift returns log₂ of an element's size.
func (v Vec) Shift() uint64 {
	if v.Size == 8 {
		return 3
	}
	return 2
}

// StoreMasked stores the elements of x that mask selects.
func (v Vec) StoreMasked(x reg.VecVirtual, mask reg.OpmaskVirtual, m operand.Mem) {
	if v.Size == 8 {
		build.VMOVUPD(x, mask, m)
	} else {
		build.VMOVUPS(x, mask, m)
	}
}

// The vectors of the levels.
var (
	F32AVX512 = Vec{
		Level: "AVX512", Type: "float32", Size: 4, Lanes: 16, Reg: build.ZMM,
		Load: build.VMOVUPS, Bcast: build.VBROADCASTSS, Zero: build.VPXORD,
		Mul: build.VMULPS, Add: build.VADDPS, FMA: build.VFMADD231PS, FMA2: build.VFMADD213PS,
	}
	F64AVX512 = Vec{
		Level: "AVX512", Type: "float64", Size: 8, Lanes: 8, Reg: build.ZMM,
		Load: build.VMOVUPD, Bcast: build.VBROADCASTSD, Zero: build.VPXORQ,
		Mul: build.VMULPD, Add: build.VADDPD, FMA: build.VFMADD231PD, FMA2: build.VFMADD213PD,
	}
	F32AVX2 = Vec{
		Level: "AVX2", Type: "float32", Size: 4, Lanes: 8, Reg: build.YMM,
		Load: build.VMOVUPS, Bcast: build.VBROADCASTSS, Zero: build.VXORPS,
		Mul: build.VMULPS, Add: build.VADDPS, FMA: build.VFMADD231PS, FMA2: build.VFMADD213PS,
	}
	F64AVX2 = Vec{
		Level: "AVX2", Type: "float64", Size: 8, Lanes: 4, Reg: build.YMM,
		Load: build.VMOVUPD, Bcast: build.VBROADCASTSD, Zero: build.VXORPD,
		Mul: build.VMULPD, Add: build.VADDPD, FMA: build.VFMADD231PD, FMA2: build.VFMADD213PD,
	}
)

// Suffix returns the ending of the names of functions on v, "F32AVX512".
func (v Vec) Suffix() string {
	if v.Size == 8 {
		return "F64" + v.Level
	}
	return "F32" + v.Level
}

// Begin starts the output file.
func Begin() {
	build.ConstraintExpr("amd64,!purego")
}

// AlignLoop starts the next instruction at a multiple of a cache line.
func AlignLoop() {
	build.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.Imm(64)}})
}
