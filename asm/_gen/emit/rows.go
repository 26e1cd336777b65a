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

// NewRows prepares for count rows, a multiple of 4, from src on with leading dimension ld in elements. Both registers are changed.
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
func (r *Rows) Advance() { r.AdvanceBy(r.v.Bytes()) }

// AdvanceBy moves on by so many bytes.
func (r *Rows) AdvanceBy(bytes int) {
	for _, s := range r.starts {
		build.ADDQ(operand.I8(bytes), s.Base)
	}
}

// Row returns the memory of row q.
func (r *Rows) Row(q int) operand.Mem {
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

// Columns loads one vector of each row, starting at row from, and returns the
// columns: element q of vector p is element p of row from+q. Lanes beyond the
// last row are arbitrary. If a mask is given, only the elements that it selects
// are loaded.
func (r *Rows) Columns(from int, mask *Mask) []reg.VecVirtual {
	return r.v.Transpose(min(r.v.Lanes, r.count-from), func(q int) reg.VecVirtual {
		if mask != nil {
			return mask.Load(r.Row(from + q))
		}
		x := r.v.Reg()
		r.v.Load(r.Row(from+q), x)
		return x
	})
}

// Transpose returns the columns of a number of rows, each a vector that load
// provides: element q of vector p is element p of row q. Lanes beyond the last
// row are arbitrary.
//
// A register is two or four lanes of 128 bits. Interleaving two or four rows
// transposes within lanes, after that the lanes themselves are transposed as a
// 2×2 or 4×4 matrix.
func (v Vec) Transpose(rows int, load func(q int) reg.VecVirtual) []reg.VecVirtual {
	perLane := 16 / v.Size // rows that are interleaved to fill a lane
	var inLanes [][]reg.VecVirtual
	for q := 0; q < rows; q += perLane {
		inLanes = append(inLanes, v.interleave(q, perLane, load))
	}
	columns := make([]reg.VecVirtual, v.Lanes)
	for c := range perLane {
		if v.Level == "AVX2" {
			x, y := inLanes[0][c], inLanes[len(inLanes)-1][c]
			low, high := v.Reg(), v.Reg()
			build.VPERM2F128(operand.U8(0x20), y, x, low)
			build.VPERM2F128(operand.U8(0x31), y, x, high)
			columns[c], columns[perLane+c] = low, high
			continue
		}
		var x [4]reg.VecVirtual
		for g := range x {
			x[g] = inLanes[g%len(inLanes)][c] // repeated where there is nothing to fill in
		}
		low, low2, high, high2 := v.Reg(), v.Reg(), v.Reg(), v.Reg()
		shuffle(0x44, x[0], x[1], low)
		shuffle(0xee, x[0], x[1], high)
		shuffle(0x44, x[2], x[3], low2)
		shuffle(0xee, x[2], x[3], high2)
		for lane := range 4 {
			columns[lane*perLane+c] = v.Reg()
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
func (v Vec) interleave(q, perLane int, load func(q int) reg.VecVirtual) []reg.VecVirtual {
	x := make([]reg.VecVirtual, perLane)
	for i := range x {
		x[i] = load(q + i)
	}
	pair := func(low, high func(ops ...operand.Op), x, y reg.VecVirtual) (l, h reg.VecVirtual) {
		l, h = v.Reg(), v.Reg()
		low(y, x, l)
		high(y, x, h)
		return l, h
	}
	if perLane == 2 {
		low, high := pair(build.VUNPCKLPD, build.VUNPCKHPD, x[0], x[1])
		return []reg.VecVirtual{low, high}
	}
	low01, high01 := pair(build.VUNPCKLPS, build.VUNPCKHPS, x[0], x[1])
	low23, high23 := pair(build.VUNPCKLPS, build.VUNPCKHPS, x[2], x[3])
	c0, c1 := pair(build.VUNPCKLPD, build.VUNPCKHPD, low01, low23)
	c2, c3 := pair(build.VUNPCKLPD, build.VUNPCKHPD, high01, high23)
	return []reg.VecVirtual{c0, c1, c2, c3}
}
