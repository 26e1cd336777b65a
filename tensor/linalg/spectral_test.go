package linalg

import (
	"fmt"
	"math"
	"testing"
)

// Each element is a sum of n rounded products of numbers up to 1: 1e-13 has room for n = 300.
func TestFromEigen(t *testing.T) {
	for _, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			a := randomSPD(newRand(uint64(n)), n)
			values, vectors, err := SymEigen(a)
			if err != nil {
				t.Fatal(err)
			}
			got, scratch := New(n, n), New(n, n)
			for i := range got.Data {
				got.Data[i], scratch.Data[i] = math.NaN(), math.NaN()
			}
			FromEigen(got, scratch, vectors, values)
			near(t, "V·D·Vᵀ", got, a, 1e-13)
			for i := range n {
				for j := range i {
					if got.At(i, j) != got.At(j, i) {
						t.Fatalf("[%d %d] is %v, [%d %d] is %v", i, j, got.At(i, j), j, i, got.At(j, i))
					}
				}
			}
			inverse := make([]float64, n)
			for i, v := range values {
				inverse[i] = 1 / v
			}
			FromEigen(got, scratch, vectors, inverse)
			near(t, "A·A⁻¹", Mul(a, got), Identity(n), 1e-12)
		})
	}
}

// SolveSPDInPlace does what SolveSPD does, bit by bit, whatever stands above the diagonal.
func TestSolveSPDInPlace(t *testing.T) {
	for _, n := range sizes {
		for _, r := range []int{1, 5, 70} {
			a, b := randomSPD(newRand(uint64(n)), n), randomMatrix(newRand(uint64(r)), n, r)
			want, err := SolveSPD(a, b)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				for j := i + 1; j < n; j++ {
					a.Set(i, j, math.NaN())
				}
			}
			if err := SolveSPDInPlace(a, b); err != nil {
				t.Fatalf("n = %d, r = %d: %v", n, r, err)
			}
			near(t, fmt.Sprintf("n = %d, r = %d", n, r), b, want, 0)
		}
	}
	singular := New(3, 3)
	singular.Set(0, 0, 1)
	if err := SolveSPDInPlace(singular, New(3, 1)); err == nil {
		t.Error("no error for a singular matrix")
	}
}
