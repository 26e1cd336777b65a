package main

import (
	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// finish writes the sums to C, and ends at the label next.
func (t *kernel) finish() {
	alpha := emit.Scalar(t.Vec, "alpha")
	c, ldc := Mem{Base: GP64()}, Load(Param("ldc"), GP64())
	MOVQ(t.c, c.Base)
	SHLQ(U8(t.Shift()), ldc)
	accumulate := Load(Param("accumulate"), GP8())
	if t.masked {
		n := GP64()
		MOVQ(t.cols, n)
		CMPQ(n, I8(t.nr))
		JGE(LabelRef("whole"))
		low, high := t.NewMask(n), t.NewMask(n)
		KSHIFTRQ(U8(t.Lanes), high.Bits(), high.Bits())
		t.store("narrow", c, ldc, alpha, accumulate, []*emit.Mask{low, high})
		Label("whole")
	}
	t.store("whole", c, ldc, alpha, accumulate, nil)
}

// store writes the sums to C, the selected ones if there are masks.
func (t *kernel) store(label string, c Mem, ldc Register, alpha VecVirtual, accumulate Register, masks []*emit.Mask) {
	forAll := func(store func(j int, sum VecVirtual, at Mem)) {
		for i := range t.sums {
			for j, sum := range t.sums[i] {
				store(j, sum, c.Offset(j*t.Bytes()))
			}
			if i+1 < t.rows {
				ADDQ(ldc, c.Base)
			}
		}
	}
	write := func(j int, sum VecVirtual, at Mem) {
		if masks != nil {
			masks[j].Store(sum, at)
		} else {
			t.Load(sum, at)
		}
	}
	TESTB(accumulate, accumulate)
	JE(LabelRef(label + "Overwrite"))
	forAll(func(j int, sum VecVirtual, at Mem) {
		if masks != nil {
			t.FMA2(masks[j].Load(at), alpha, sum)
		} else {
			t.FMA2(at, alpha, sum)
		}
		write(j, sum, at)
	})
	JMP(LabelRef("next"))
	Label(label + "Overwrite")
	forAll(func(j int, sum VecVirtual, at Mem) {
		t.Mul(alpha, sum, sum)
		write(j, sum, at)
	})
	if masks != nil {
		JMP(LabelRef("next"))
	}
}
