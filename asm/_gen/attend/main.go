// Command attend writes the kernels of attention for one query: products with keys and sums of values.
package main

import (
	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	bytes = 64 // of a vector
	rows  = 4  // keys at a time
	strip = 4  // vectors of a value at a time
)

func main() {
	emit.Begin()
	scores()
	sum()
	Generate()
}

// scores multiplies four keys at a time, of which each sum is in a register of its own, and folds the
// four registers into one vector.
func scores() {
	TEXT("attendScoresAVX512", NOSPLIT, "func(vectors, n int, scale float32, q, k, s *float32)")
	Doc(
		"attendScoresAVX512 multiplies n keys by a query, both of vectors·16 elements:",
		"",
		"\tfor i < n: s[i] = scale·Σ q[j]·k[i·vectors·16+j]",
	)
	Pragma("noescape")
	vectors := Load(Param("vectors"), GP64())
	n := Load(Param("n"), GP64())
	q, k, s := emit.Pointer("q"), emit.Pointer("k"), emit.Pointer("s")
	scale := Load(Param("scale"), XMM())
	VBROADCASTSS(scale, scale)
	stride := GP64()
	MOVQ(vectors, stride)
	SHLQ(U8(6), stride)
	stride3 := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)

	p := newProduct(q, k, vectors)

	Label("four")
	CMPQ(n, I8(rows))
	JLT(LabelRef("one"))
	p.sum("fourLoop", p.kAt, p.kAt.Idx(stride, 1), p.kAt.Idx(stride, 2), p.kAt.Idx(stride3, 1))
	four := p.fold()
	VMULPS(scale, four, four)
	VMOVUPS(four, s)
	LEAQ(Mem{Base: k.Base, Index: stride, Scale: 4}, k.Base)
	ADDQ(I8(4*rows), s.Base)
	SUBQ(I8(rows), n)
	JMP(LabelRef("four"))

	Label("one")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	p.sum("oneLoop", p.kAt)
	last := fold(p.acc[0])
	VHADDPS(last, last, last)
	VHADDPS(last, last, last)
	VMULSS(scale, last, last)
	VMOVSS(last, s)
	ADDQ(stride, k.Base)
	ADDQ(I8(4), s.Base)
	DECQ(n)
	JMP(LabelRef("one"))

	Label("done")
	emit.Finish()
}

// product is the query times some keys, a vector of elements at a time.
type product struct {
	q, k, qAt, kAt Mem // where the query and the keys start, and where their vectors are now
	vectors, left  Register
	acc            []VecVirtual // for each key
}

func newProduct(q, k Mem, vectors Register) *product {
	p := &product{q: q, k: k, vectors: vectors, left: GP64(), qAt: Mem{Base: GP64()}, kAt: Mem{Base: GP64()}}
	for range rows {
		p.acc = append(p.acc, ZMM())
	}
	return p
}

// sum writes the loop over the vectors, for keys at the given places.
func (p *product) sum(label string, keys ...Mem) {
	MOVQ(p.q.Base, p.qAt.Base)
	MOVQ(p.k.Base, p.kAt.Base)
	MOVQ(p.vectors, p.left)
	for _, a := range p.acc[:len(keys)] {
		VPXORD(a, a, a)
	}
	Label(label)
	x := ZMM()
	VMOVUPS(p.qAt, x)
	for i, m := range keys {
		VFMADD231PS(m, x, p.acc[i])
	}
	ADDQ(I8(bytes), p.qAt.Base)
	ADDQ(I8(bytes), p.kAt.Base)
	DECQ(p.left)
	JNE(LabelRef(label))
}

// fold returns the four sums in one vector.
func (p *product) fold() VecVirtual {
	quarter := make([]VecVirtual, rows)
	for i, a := range p.acc {
		quarter[i] = fold(a)
	}
	VHADDPS(quarter[1], quarter[0], quarter[0])
	VHADDPS(quarter[3], quarter[2], quarter[2])
	VHADDPS(quarter[2], quarter[0], quarter[0])
	return quarter[0]
}

// fold adds the four quarters of a vector.
func fold(a VecVirtual) VecVirtual {
	upper := YMM()
	VEXTRACTF64X4(U8(1), a, upper)
	VADDPS(upper, a.AsY(), upper)
	quarter := XMM()
	VEXTRACTF128(U8(1), upper, quarter)
	VADDPS(quarter, upper.AsX(), quarter)
	return quarter
}

// sum keeps four vectors of the result in registers, twice, as a chain of multiply-adds has to wait for
// itself.
func sum() {
	TEXT("attendSumAVX512", NOSPLIT, "func(n, stride int, p, v, y *float32)")
	Doc(
		"attendSumAVX512 adds 64 columns of n values, stride elements apart:",
		"",
		"\tfor j < 64: y[j] += Σ p[i]·v[i·stride+j]",
	)
	Pragma("noescape")
	n := Load(Param("n"), GP64())
	stride := Load(Param("stride"), GP64())
	p, v, y := emit.Pointer("p"), emit.Pointer("v"), emit.Pointer("y")
	SHLQ(U8(2), stride)
	var acc [2][strip]VecVirtual
	for i := range strip {
		acc[0][i], acc[1][i] = ZMM(), ZMM()
		VMOVUPS(y.Offset(i*bytes), acc[0][i])
		VPXORD(acc[1][i], acc[1][i], acc[1][i])
	}
	add := func(set, offset int) {
		x := ZMM()
		VBROADCASTSS(p.Offset(4*offset), x)
		for i := range strip {
			at := v.Offset(i * bytes)
			if offset > 0 {
				at = at.Idx(stride, 1)
			}
			VFMADD231PS(at, x, acc[set][i])
		}
	}
	Label("two")
	CMPQ(n, I8(2))
	JLT(LabelRef("one"))
	add(0, 0)
	add(1, 1)
	LEAQ(Mem{Base: v.Base, Index: stride, Scale: 2}, v.Base)
	ADDQ(I8(8), p.Base)
	SUBQ(I8(2), n)
	JMP(LabelRef("two"))
	Label("one")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	add(0, 0)
	Label("done")
	for i := range strip {
		VADDPS(acc[1][i], acc[0][i], acc[0][i])
		VMOVUPS(acc[0][i], y.Offset(i*bytes))
	}
	emit.Finish()
}
