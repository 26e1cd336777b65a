package emit

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Rows reads rows of a matrix a vector at a time and transposes in registers.
type Rows struct {
	v      Vec
	count  int
	starts []operand.Mem // of every fourth row
	ld     reg.Register  // in bytes
	ld3    reg.Register
}

// NewRows prepares for count rows, a multiple of 4 and at most v.Lanes, from
// src on with leading dimension ld in elements. Both registers are changed.
func NewRows(v Vec, count int, src, ld reg.Register) *Rows {
	r := &Rows{v: v, count: count, ld: ld, ld3: build.GP64()}
	build.SHLQ(operand.U8(v.Shift()), ld)
	build.LEAQ(operand.Mem{Base: ld, Index: ld, Scale: 2}, r.ld3)
	for q := 0; q < count; q += 4 {
		if q > 0 {
			next := build.GP64()
			build.LEAQ(operand.Mem{Base: src, Index: ld, Scale: 4}, next)
			src = next
		}
		r.starts = append(r.starts, operand.Mem{Base: src})
	}
	return r
}

// Advance moves on by one vector along the rows.
func (r *Rows) Advance() {
	for _, s := range r.starts {
		build.ADDQ(operand.I8(r.v.Bytes()), s.Base)
	}
}

// row returns the memory of row q.
func (r *Rows) row(q int) operand.Mem {
	m := r.starts[q/4]
	switch q % 4 {
	case 1:
		m.Index, m.Scale = r.ld, 1
	case 2:
		m.Index, m.Scale = r.ld, 2
	case 3:
		m.Index, m.Scale = r.ld3, 1
	}
	return m
}

// Columns loads one vector of each row and returns the columns: element q of
// vector p is element p of row q. Lanes from count on are arbitrary.
//
// A 512-bit register is four lanes of 128 bits. Interleaving two or four rows
// transposes within lanes, after that the lanes themselves are transposed as a
// 4×4 matrix.
func (r *Rows) Columns() []reg.VecVirtual {
	perLane := 16 / r.v.Size // rows that are interleaved to fill a lane
	var inLanes [][]reg.VecVirtual
	for q := 0; q < r.count; q += perLane {
		inLanes = append(inLanes, r.interleave(q, perLane))
	}
	columns := make([]reg.VecVirtual, r.v.Lanes)
	for c := range perLane {
		var x [4]reg.VecVirtual
		for g := range x {
			x[g] = inLanes[g%len(inLanes)][c] // repeated where there is nothing to fill in
		}
		low, low2, high, high2 := r.v.Reg(), r.v.Reg(), r.v.Reg(), r.v.Reg()
		shuffle(0x44, x[0], x[1], low)
		shuffle(0xee, x[0], x[1], high)
		shuffle(0x44, x[2], x[3], low2)
		shuffle(0xee, x[2], x[3], high2)
		for lane := range 4 {
			columns[lane*perLane+c] = r.v.Reg()
		}
		shuffle(0x88, low, low2, columns[c])
		shuffle(0xdd, low, low2, columns[perLane+c])
		shuffle(0x88, high, high2, columns[2*perLane+c])
		shuffle(0xdd, high, high2, columns[3*perLane+c])
	}
	return columns
}

// shuffle picks two lanes of x and two of y.
func shuffle(lanes uint8, x, y, dst reg.VecVirtual) {
	build.VSHUFF32X4(operand.U8(lanes), y, x, dst)
}

// interleave transposes perLane rows within lanes: lane l of result c holds
// element l·perLane+c of each row.
func (r *Rows) interleave(q, perLane int) []reg.VecVirtual {
	x := make([]reg.VecVirtual, perLane)
	for i := range x {
		x[i] = r.v.Reg()
	}
	if perLane == 2 {
		r.v.Load(r.row(q), x[0])
		low, high := r.v.Reg(), r.v.Reg()
		build.VUNPCKLPD(r.row(q+1), x[0], low)
		build.VUNPCKHPD(r.row(q+1), x[0], high)
		return []reg.VecVirtual{low, high}
	}
	var pairs [4]reg.VecVirtual // low and high halves of rows 0 and 1, then of 2 and 3
	for i := range pairs {
		pairs[i] = r.v.Reg()
	}
	for i := 0; i < 4; i += 2 {
		r.v.Load(r.row(q+i), x[i])
		r.v.Load(r.row(q+i+1), x[i+1])
		build.VUNPCKLPS(x[i+1], x[i], pairs[i])
		build.VUNPCKHPS(x[i+1], x[i], pairs[i+1])
	}
	out := make([]reg.VecVirtual, 4)
	for i := range out {
		out[i] = r.v.Reg()
	}
	build.VUNPCKLPD(pairs[2], pairs[0], out[0])
	build.VUNPCKHPD(pairs[2], pairs[0], out[1])
	build.VUNPCKLPD(pairs[3], pairs[1], out[2])
	build.VUNPCKHPD(pairs[3], pairs[1], out[3])
	return out
}
