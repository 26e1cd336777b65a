package local

import (
	"math"
	"testing"

	"github.com/adagp/adagp/tensor/linalg"
)

func TestNormalised(t *testing.T) {
	h := linalg.FromSlice([]float64{
		4, 0, 3,
		0, 0, 0,
		3, 0, 9,
	}, 3, 3)
	a, d := Normalised(h)
	want := []float64{1, 0, 0.5, 0, 0, 0, 0.5, 0, 1}
	for k, v := range want {
		if math.Abs(a.Data[k]-v) > 1e-15 {
			t.Errorf("[%d %d] is %g, want %g", k/3, k%3, a.Data[k], v)
		}
	}
	if d[0] != 2 || d[1] != 0 || d[2] != 3 {
		t.Errorf("norms %v, want 2, 0, 3", d)
	}
	// The smallest and the largest sums of squares there are.
	for _, v := range []float64{math.SmallestNonzeroFloat64, math.MaxFloat64} {
		a, d := Normalised(linalg.FromSlice([]float64{v, v, v, v}, 2, 2))
		if !a.Finite() || math.Abs(a.At(0, 1)-1) > 1e-3 || d[0] <= 0 || math.IsInf(d[0], 0) {
			t.Errorf("inputs of squared norm %g: matrix %v, norms %v", v, a, d)
		}
	}
}
