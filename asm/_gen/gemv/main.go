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
	rows := groups * v.Lanes
	dotsHead(v, rows)
	k := Load(Param("k"), GP64())
	x := emit.Pointer("x")
	source := emit.NewRows(v, rows, Load(Param("a"), GP64()), Load(Param("lda"), GP64()))
	sums := emit.Zeros(v, groups)
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
	finishDots(v, sums)
}

func dotsHead(v emit.Vec, rows int) {
	name := "dots" + v.Suffix()
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
}

// finishDots scales the sums, brings them to y and returns.
func finishDots(v emit.Vec, sums []VecVirtual) {
	y := emit.Pointer("y")
	alpha := emit.Scalar(v, "alpha")
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JE(LabelRef("overwrite"))
	for g, sum := range sums {
		v.FMA2(y.Offset(g*v.Bytes()), alpha, sum)
		v.Load(sum, y.Offset(g*v.Bytes()))
	}
	emit.Finish()
	Label("overwrite")
	for g, sum := range sums {
		v.Mul(alpha, sum, sum)
		v.Load(sum, y.Offset(g*v.Bytes()))
	}
	emit.Finish()
}

// fewDots is for less rows than dots takes: one chain of scalar multiply-adds
// for each.
func fewDots(typ string, rows int) {
	move, fma, fma2, mul, shift := VMOVSS, VFMADD231SS, VFMADD213SS, VMULSS, uint64(2)
	if typ == "float64" {
		move, fma, fma2, mul, shift = VMOVSD, VFMADD231SD, VFMADD213SD, VMULSD, 3
	}
	fewDotsHead(typ, rows)
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	lda := Load(Param("lda"), GP64())
	x := emit.Pointer("x")
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
	y := emit.Pointer("y")
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

func fewDotsHead(typ string, rows int) {
	name := fmt.Sprintf("dots%dxF%sFMA", rows, typ[len("float"):])
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
	t := &transposed{Vec: v, n: Load(Param("n"), GP64()), a: Load(Param("a"), GP64()), lda: Load(Param("lda"), GP64()),
		y: emit.Pointer("y")}
	SHLQ(U8(v.Shift()), t.lda)
	t.alpha = emit.Scalar(v, "alpha")
	t.columns("wide", "single", vectors)
	t.columns("single", "tail", 1)
	Label("tail")
	TESTQ(t.n, t.n)
	JLE(LabelRef("done"))
	mask := v.NewMask(t.n)
	t.write("tail", t.sum("tailSum", 1, mask), mask)
	Label("done")
	emit.Finish()
}

// transposed is a product of a transposed matrix and a vector on its way over the columns: n are left, of
// which the first is at a and its result at y.
type transposed struct {
	emit.Vec
	n, a, lda Register
	y         Mem
	alpha     VecVirtual
}

// columns writes the loop over count vectors of columns at a time, after which next follows.
func (t *transposed) columns(label, next string, count int) {
	Label(label)
	CMPQ(t.n, I32(count*t.Lanes))
	JLT(LabelRef(next))
	t.write(label, t.sum(label+"Sum", count, nil), nil)
	ADDQ(I32(count*t.Bytes()), t.a)
	ADDQ(I32(count*t.Bytes()), t.y.Base)
	SUBQ(I32(count*t.Lanes), t.n)
	JMP(LabelRef(label))
}

// sum adds up count vectors of columns from a on.
func (t *transposed) sum(label string, count int, mask *emit.Mask) []VecVirtual {
	sums := emit.Zeros(t.Vec, count)
	x := emit.Pointer("x")
	k := Load(Param("k"), GP64())
	row := Mem{Base: GP64()}
	MOVQ(t.a, row.Base)
	Label(label)
	factor := t.Reg()
	t.Bcast(x, factor)
	for i, s := range sums {
		if mask != nil {
			t.FMA(mask.Load(row), factor, s)
		} else {
			t.FMA(row.Offset(i*t.Bytes()), factor, s)
		}
	}
	ADDQ(t.lda, row.Base)
	ADDQ(I8(t.Size), x.Base)
	DECQ(k)
	JNE(LabelRef(label))
	return sums
}

// write scales sums and brings them to y.
func (t *transposed) write(label string, sums []VecVirtual, mask *emit.Mask) {
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JE(LabelRef(label + "Overwrite"))
	for i, s := range sums {
		if mask != nil {
			old := mask.Load(t.y)
			t.FMA(t.alpha, s, old)
			mask.Store(old, t.y)
		} else {
			t.FMA2(t.y.Offset(i*t.Bytes()), t.alpha, s)
			t.Load(s, t.y.Offset(i*t.Bytes()))
		}
	}
	JMP(LabelRef(label + "Written"))
	Label(label + "Overwrite")
	for i, s := range sums {
		t.Mul(t.alpha, s, s)
		if mask != nil {
			mask.Store(s, t.y)
		} else {
			t.Load(s, t.y.Offset(i*t.Bytes()))
		}
	}
	Label(label + "Written")
}
