package models_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/tensor"
)

func newRNG(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// checkClose fails when got and want differ by more than tol · the largest |want| anywhere.
func checkClose(t testing.TB, what string, got, want *tensor.Tensor, tol float64) {
	t.Helper()
	tensor.CheckShape(what, got, want.Shape()...)
	bound := tol * float64(tensor.MaxAbs(want))
	worst, at := 0.0, 0
	for i, g := range got.Data() {
		d := math.Abs(float64(g) - float64(want.Data()[i]))
		if d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
	}
	if !(worst <= bound) {
		t.Errorf("%s: element %d of %v: got %v, want %v, difference %g exceeds %g",
			what, at, want.Shape(), got.Data()[at], want.Data()[at], worst, bound)
	}
}
