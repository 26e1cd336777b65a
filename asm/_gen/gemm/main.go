// Command gemm writes the micro-kernels of the matrix product.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unroll is how many steps over k one turn of the loop makes.
const unroll = 4

func main() {
	emit.Begin()
	// mr·2 sums, two vectors of B and some broadcast elements of A fill the 32
	// (AVX2: 16) registers. Each step loads 2 vectors and mr elements for 2·mr
	// multiply-adds, so the arithmetic units decide the speed.
	tile(emit.F32AVX512, 12)
	tile(emit.F64AVX512, 12)
	tile(emit.F32AVX2, 6)
	tile(emit.F64AVX2, 6)
	Generate()
}

// tile writes the kernel for mr rows by two vectors of columns.
func tile(v emit.Vec, mr int) {
	nr := 2 * v.Lanes
	name := "tile" + v.Suffix()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(k int, alpha %[1]s, a, b, c *%[1]s, ldc int, accumulate bool)", v.Type))
	Doc(
		fmt.Sprintf("%s multiplies a packed panel a [k][%d] by a packed panel b [k][%d]:", name, mr, nr),
		"",
		fmt.Sprintf("\tfor i < %d, j < %d:", mr, nr),
		"\t\tsum := 0",
		"\t\tfor p < k: sum = fma(a[p][i], b[p][j], sum)",
		"\t\tif accumulate: c[i*ldc+j] = fma(alpha, sum, c[i*ldc+j])",
		"\t\telse:          c[i*ldc+j] = alpha*sum",
	)
	Pragma("noescape")
	a := Mem{Base: Load(Param("a"), GP64())}
	b := Mem{Base: Load(Param("b"), GP64())}
	k := Load(Param("k"), GP64())

	sums := make([][2]VecVirtual, mr)
	for i := range sums {
		for j := range sums[i] {
			sums[i][j] = v.Reg()
			v.Zero(sums[i][j], sums[i][j], sums[i][j])
		}
	}
	step := func(p int) {
		b0, b1 := v.Reg(), v.Reg()
		v.Load(b.Offset(p*nr*v.Size), b0)
		v.Load(b.Offset(p*nr*v.Size+v.Bytes()), b1)
		for i := range sums {
			x := v.Reg()
			v.Bcast(a.Offset((p*mr+i)*v.Size), x)
			v.FMA(x, b0, sums[i][0])
			v.FMA(x, b1, sums[i][1])
		}
	}
	advance := func(steps int) {
		ADDQ(I32(steps*mr*v.Size), a.Base)
		ADDQ(I32(steps*nr*v.Size), b.Base)
	}

	Label("unrolled")
	CMPQ(k, I8(unroll))
	JLT(LabelRef("rest"))
	for p := range unroll {
		step(p)
	}
	advance(unroll)
	SUBQ(I8(unroll), k)
	JMP(LabelRef("unrolled"))

	Label("rest")
	TESTQ(k, k)
	JLE(LabelRef("finish"))
	step(0)
	advance(1)
	DECQ(k)
	JMP(LabelRef("rest"))

	Label("finish")
	c := Mem{Base: Load(Param("c"), GP64())}
	ldc := Load(Param("ldc"), GP64())
	SHLQ(U8(v.Shift()), ldc)
	address, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	alpha := v.Reg()
	v.Bcast(address.Addr, alpha)
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JE(LabelRef("overwrite"))
	for i := range sums {
		for j, sum := range sums[i] {
			v.FMA2(c.Offset(j*v.Bytes()), alpha, sum)
			v.Load(sum, c.Offset(j*v.Bytes()))
		}
		if i+1 < mr {
			ADDQ(ldc, c.Base)
		}
	}
	VZEROUPPER()
	RET()

	Label("overwrite")
	for i := range sums {
		for j, sum := range sums[i] {
			v.Mul(alpha, sum, sum)
			v.Load(sum, c.Offset(j*v.Bytes()))
		}
		if i+1 < mr {
			ADDQ(ldc, c.Base)
		}
	}
	VZEROUPPER()
	RET()
}
