// Command gemv writes the kernels of products with a vector.
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
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F64AVX512, emit.F32AVX2, emit.F64AVX2} {
		dots(v)
		axpys(v)
	}
	for _, rows := range []int{4, 1} {
		fewDots("float32", rows)
		fewDots("float64", rows)
	}
	Generate()
}

// groups is how many vectors of rows dots works on at once. The sums of one
// group form a chain; a second one fills its gaps.
const groups = 2

// dots keeps a row per lane, so that every sum runs over k in the order of the
// tile kernel, and transposes on the way.
func dots(v emit.Vec) {
	name, rows := "dots"+v.Suffix(), groups*v.Lanes
	TEXT(name, NOSPLIT, fmt.Sprintf("func(k int, alpha %[1]s, a *%[1]s, lda int, x, y *%[1]s, accumulate bool)", v.Type))
	Doc(
		fmt.Sprintf("%s multiplies %d rows by a vector:", name, rows),
		"",
		fmt.Sprintf("\tfor i < %d:", rows),
		"\t\tsum := 0",
		"\t\tfor p < k: sum = fma(a[i*lda+p], x[p], sum)",
		"\t\tif accumulate: y[i] = fma(alpha, sum, y[i])",
		"\t\telse:          y[i] = alpha*sum",
	)
	Pragma("noescape")
	k := Load(Param("k"), GP64())
	x := Mem{Base: Load(Param("x"), GP64())}
	source := emit.NewRows(v, rows, Load(Param("a"), GP64()), Load(Param("lda"), GP64()))
	sums := make([]VecVirtual, groups)
	for g := range sums {
		sums[g] = v.Reg()
		v.Zero(sums[g], sums[g], sums[g])
	}
	add := func(p int, column, sum VecVirtual) {
		factor := v.Reg()
		v.Bcast(x.Offset(p*v.Size), factor)
		v.FMA(column, factor, sum)
	}

	Label("loop")
	CMPQ(k, I8(v.Lanes))
	JLT(LabelRef("tail"))
	for g, sum := range sums {
		for p, column := range source.Columns(g*v.Lanes, nil) {
			add(p, column, sum)
		}
	}
	source.Advance()
	ADDQ(I8(v.Bytes()), x.Base)
	SUBQ(I8(v.Lanes), k)
	JMP(LabelRef("loop"))

	Label("tail")
	TESTQ(k, k)
	JLE(LabelRef("finish"))
	left := GP64()
	MOVQ(k, left)
	mask := v.NewMask(left)
	for g, sum := range sums {
		MOVQ(k, left)
		done := fmt.Sprintf("added%d", g)
		for p, column := range source.Columns(g*v.Lanes, mask)[:v.Lanes-1] {
			add(p, column, sum)
			DECQ(left)
			JEQ(LabelRef(done))
		}
		Label(done)
	}

	Label("finish")
	y := Mem{Base: Load(Param("y"), GP64())}
	address, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	alpha := v.Reg()
	v.Bcast(address.Addr, alpha)
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JE(LabelRef("overwrite"))
	for g, sum := range sums {
		v.FMA2(y.Offset(g*v.Bytes()), alpha, sum)
		v.Load(sum, y.Offset(g*v.Bytes()))
	}
	VZEROUPPER()
	RET()
	Label("overwrite")
	for g, sum := range sums {
		v.Mul(alpha, sum, sum)
		v.Load(sum, y.Offset(g*v.Bytes()))
	}
	VZEROUPPER()
	RET()
}

// fewDots is for less rows than dots takes: one chain of scalar multiply-adds
// for each.
func fewDots(typ string, rows int) {
	move, fma, fma2, mul, shift := VMOVSS, VFMADD231SS, VFMADD213SS, VMULSS, uint64(2)
	name := fmt.Sprintf("dots%dxF32FMA", rows)
	if typ == "float64" {
		move, fma, fma2, mul, shift = VMOVSD, VFMADD231SD, VFMADD213SD, VMULSD, 3
		name = fmt.Sprintf("dots%dxF64FMA", rows)
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(k int, alpha %[1]s, a *%[1]s, lda int, x, y *%[1]s, incY int, accumulate bool)", typ))
	Doc(
		fmt.Sprintf("%s multiplies %d rows by a vector:", name, rows),
		"",
		fmt.Sprintf("\tfor i < %d:", rows),
		"\t\tsum := 0",
		"\t\tfor p < k: sum = fma(a[i*lda+p], x[p], sum)",
		"\t\tif accumulate: y[i*incY] = fma(alpha, sum, y[i*incY])",
		"\t\telse:          y[i*incY] = alpha*sum",
	)
	Pragma("noescape")
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	lda := Load(Param("lda"), GP64())
	x := Mem{Base: Load(Param("x"), GP64())}
	SHLQ(U8(shift), lda)
	lda3 := GP64()
	LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	at := []Mem{{Base: a}, {Base: a, Index: lda, Scale: 1}, {Base: a, Index: lda, Scale: 2}, {Base: a, Index: lda3, Scale: 1}}
	sums := make([]VecVirtual, rows)
	for i := range sums {
		sums[i] = XMM()
		VXORPS(sums[i], sums[i], sums[i])
	}

	Label("loop")
	TESTQ(k, k)
	JLE(LabelRef("finish"))
	v := XMM()
	move(x, v)
	for i, sum := range sums {
		fma(at[i], v, sum)
	}
	ADDQ(I8(1<<shift), a)
	ADDQ(I8(1<<shift), x.Base)
	DECQ(k)
	JMP(LabelRef("loop"))

	Label("finish")
	y := Mem{Base: Load(Param("y"), GP64())}
	incY := Load(Param("incY"), GP64())
	SHLQ(U8(shift), incY)
	alpha := Load(Param("alpha"), XMM())
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JE(LabelRef("overwrite"))
	for _, sum := range sums {
		fma2(y, alpha, sum)
		move(sum, y)
		ADDQ(incY, y.Base)
	}
	RET()
	Label("overwrite")
	for _, sum := range sums {
		mul(alpha, sum, sum)
		move(sum, y)
		ADDQ(incY, y.Base)
	}
	RET()
}

// vectors is how many vectors of sums axpys keeps at once: enough for whole
// stretches of memory, as the next row may be far away.
const vectors = 8

func axpys(v emit.Vec) {
	name := "axpys" + v.Suffix()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(n, k int, alpha %[1]s, a *%[1]s, lda int, x, y *%[1]s, accumulate bool)", v.Type))
	Doc(
		name+" multiplies a transposed matrix by a vector:",
		"",
		"\tfor i < n:",
		"\t\tsum := 0",
		"\t\tfor p < k: sum = fma(a[p*lda+i], x[p], sum)",
		"\t\tif accumulate: y[i] = fma(alpha, sum, y[i])",
		"\t\telse:          y[i] = alpha*sum",
	)
	Pragma("noescape")
	n := Load(Param("n"), GP64())
	a := Load(Param("a"), GP64())
	lda := Load(Param("lda"), GP64())
	y := Mem{Base: Load(Param("y"), GP64())}
	SHLQ(U8(v.Shift()), lda)
	address, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	alpha := v.Reg()
	v.Bcast(address.Addr, alpha)

	// sum adds up count vectors of columns from a on.
	sum := func(label string, count int, mask *emit.Mask) []VecVirtual {
		sums := make([]VecVirtual, count)
		for i := range sums {
			sums[i] = v.Reg()
			v.Zero(sums[i], sums[i], sums[i])
		}
		x := Mem{Base: Load(Param("x"), GP64())}
		k := Load(Param("k"), GP64())
		row := Mem{Base: GP64()}
		MOVQ(a, row.Base)
		Label(label)
		factor := v.Reg()
		v.Bcast(x, factor)
		for i, s := range sums {
			if mask != nil {
				v.FMA(mask.Load(row), factor, s)
			} else {
				v.FMA(row.Offset(i*v.Bytes()), factor, s)
			}
		}
		ADDQ(lda, row.Base)
		ADDQ(I8(v.Size), x.Base)
		DECQ(k)
		JNE(LabelRef(label))
		return sums
	}
	// write scales sums and brings them to y.
	write := func(label string, sums []VecVirtual, mask *emit.Mask) {
		accumulate := Load(Param("accumulate"), GP8())
		TESTB(accumulate, accumulate)
		JE(LabelRef(label + "Overwrite"))
		for i, s := range sums {
			if mask != nil {
				old := mask.Load(y)
				v.FMA(alpha, s, old)
				mask.Store(old, y)
			} else {
				v.FMA2(y.Offset(i*v.Bytes()), alpha, s)
				v.Load(s, y.Offset(i*v.Bytes()))
			}
		}
		JMP(LabelRef(label + "Written"))
		Label(label + "Overwrite")
		for i, s := range sums {
			v.Mul(alpha, s, s)
			if mask != nil {
				mask.Store(s, y)
			} else {
				v.Load(s, y.Offset(i*v.Bytes()))
			}
		}
		Label(label + "Written")
	}
	columns := func(label, next string, count int) {
		Label(label)
		CMPQ(n, I32(count*v.Lanes))
		JLT(LabelRef(next))
		write(label, sum(label+"Sum", count, nil), nil)
		ADDQ(I32(count*v.Bytes()), a)
		ADDQ(I32(count*v.Bytes()), y.Base)
		SUBQ(I32(count*v.Lanes), n)
		JMP(LabelRef(label))
	}
	columns("wide", "single", vectors)
	columns("single", "tail", 1)
	Label("tail")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	mask := v.NewMask(n)
	write("tail", sum("tailSum", 1, mask), mask)
	Label("done")
	VZEROUPPER()
	RET()
}
