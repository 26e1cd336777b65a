package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maskColumns is how many columns kernels for bit masks do at a time: a word of the mask.
const maskColumns = 64

// bitRow is a row of weights under a bit mask that is being widened.
type bitRow struct {
	v            emit.Vec
	f            format
	mask, values Mem
	narrow       bool   // see load
	ordered      bool   // without need of unzip
	name         string // of labels
	later        *[]func()

	bits        OpmaskVirtual // of four groups of columns
	table, high Op
}

// prepare loads the constants that rows share.
func (r *bitRow) prepare() {
	switch {
	case r.v.Level == "AVX2":
		table := GP64()
		LEAQ(expandTable(), table)
		r.table = table
	case r.f.name == "BF16":
		high := r.v.Reg()
		r.v.Load(emit.Bits("highHalf", 0xffff0000), high)
		r.high = high
	case r.f.size == 4:
		r.bits = K()
	}
}

// columns returns how many columns spread does at once.
func (r *bitRow) columns() int {
	if r.v.Level == "AVX512" && r.f.size == 2 {
		return 2 * r.v.Lanes
	}
	return r.v.Lanes
}

// spread returns the weights of group number i of the next 64 columns, zeros where there are none,
// and moves values on.
func (r *bitRow) spread(i int) []VecVirtual {
	switch {
	case r.v.Level == "AVX2":
		return r.permute(i)
	case r.f.size == 4:
		return r.expand(i)
	default:
		return r.expandHalves(i)
	}
}

func (r *bitRow) advance(count Register) {
	LEAQ(Mem{Base: r.values.Base, Index: count, Scale: uint8(r.f.size)}, r.values.Base)
}

// permute spreads the weights of eight columns by a permutation from a table.
func (r *bitRow) permute(i int) []VecVirtual {
	count, index := GP64(), r.v.Reg()
	MOVBLZX(r.mask.Offset(i), count.As32())
	w := r.f.load(r.v, r.values, nil)
	VPMOVSXBD(Mem{Base: r.table.(Register), Index: count, Scale: 8}, index)
	VPERMPS(w, index, w)
	VPSRAD(U8(31), index, index)
	VPAND(index, w, w)
	POPCNTL(count.As32(), count.As32())
	r.advance(count)
	return []VecVirtual{w}
}

// load loads a vector of weights; a narrow kernel loads half of it and only where count says that
// more are needed, the whole: a vector that lies in two lines of the cache, as most whole ones do,
// takes about twice as long.
func (r *bitRow) load(i int, count Register, limit int) VecVirtual {
	x := ZMM()
	if !r.narrow {
		VMOVDQU32(r.values, x)
		return x
	}
	wide, loaded := fmt.Sprintf("wide%s%d", r.name, i), fmt.Sprintf("loaded%s%d", r.name, i)
	VMOVDQU32(r.values, x.AsY())
	CMPL(count, U8(limit))
	JHI(LabelRef(wide))
	Label(loaded)
	*r.later = append(*r.later, func() {
		Label(wide)
		VMOVDQU32(r.values, x)
		JMP(LabelRef(loaded))
	})
	return x
}

// expand spreads the float32 of sixteen columns.
func (r *bitRow) expand(i int) []VecVirtual {
	if i == 0 {
		KMOVQ(r.mask, r.bits)
	} else {
		KSHIFTRQ(U8(16), r.bits, r.bits)
	}
	count := GP64()
	MOVWLZX(r.mask.Offset(2*i), count.As32())
	POPCNTL(count.As32(), count.As32())
	w := r.load(i, count.As32(), 8)
	VEXPANDPS_Z(w, r.bits, w)
	r.advance(count)
	return []VecVirtual{w}
}

// expandHalves spreads the halves of 32 columns. Those of bfloat16 come out as unzip sorts them.
func (r *bitRow) expandHalves(i int) []VecVirtual {
	count := GP64()
	POPCNTL(r.mask.Offset(4*i), count.As32())
	if i == 0 {
		r.bits = K()
		KMOVQ(r.mask, r.bits)
	} else {
		KSHIFTRQ(U8(32), r.bits, r.bits)
	}
	bits := r.bits
	w := r.load(i, count.As32(), 16)
	VPEXPANDW_Z(w, bits, w)
	first, second := ZMM(), ZMM()
	switch {
	case r.f.name == "BF16" && r.ordered:
		VEXTRACTI64X4(U8(1), w, second.AsY())
		VPMOVZXWD(w.AsY(), first)
		VPMOVZXWD(second.AsY(), second)
		VPSLLD(U8(16), first, first)
		VPSLLD(U8(16), second, second)
	case r.f.name == "BF16":
		VPSLLD(U8(16), w, first)
		VPANDD(r.high, w, second)
	default:
		VEXTRACTI64X4(U8(1), w, second.AsY())
		VCVTPH2PS(w.AsY(), first)
		VCVTPH2PS(second.AsY(), second)
	}
	r.advance(count)
	return []VecVirtual{first, second}
}

var table *Mem

// expandTable has eight bytes for each byte of a mask: where the weight of a column comes from, with
// the highest bit set, or zero.
func expandTable() Mem {
	if table != nil {
		return *table
	}
	m := GLOBL("expandTable", RODATA|NOPTR)
	for b := range 256 {
		var entry uint64
		next := uint64(0)
		for j := range 8 {
			if b>>j&1 == 1 {
				entry |= (0x80 | next) << (8 * j)
				next++
			}
		}
		DATA(8*b, U64(entry))
	}
	table = &m
	return m
}
