package asm_test

import (
	"fmt"

	"github.com/adagp/adagp/asm"
)

// A matrix product on plain slices: C = A·Bᵀ.
func ExampleGemm() {
	a := []float32{ // [2, 3]
		1, 2, 3,
		4, 5, 6,
	}
	b := []float32{ // [2, 3]
		1, 0, 1,
		0, 2, 0,
	}
	c := make([]float32, 4) // [2, 2]
	asm.Gemm(1, asm.MatrixOf(a, 2, 3, 3), asm.MatrixOf(b, 2, 3, 3).T(), 0, asm.MatrixOf(c, 2, 2, 2))
	fmt.Println(c)
	// Output: [4 4 10 10]
}

// Levels can be forced, for comparisons.
func ExampleSetLevel() {
	defer asm.SetLevel(asm.Current())
	if err := asm.SetLevel(asm.Generic); err != nil {
		fmt.Println(err)
	}
	fmt.Println(asm.Current(), asm.Dot([]float32{1, 2, 3}, []float32{4, 5, 6}))
	// Output: generic 32
}
