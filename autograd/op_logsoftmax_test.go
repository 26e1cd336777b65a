package autograd_test

import (
	"math"
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestLogSoftmax(t *testing.T) {
	f := unary(autograd.LogSoftmax)
	got := infer(f, values([]int{2, 3}, 1, 2, 3, 1000, -1000, 1000))
	wantClose(t, "first row", got.Rows(0, 1), values([]int{1, 3}, -2.40760596, -1.40760596, -0.407605964), roundoff)
	wantClose(t, "no overflow", got.Rows(1, 2), values([]int{1, 3}, -0.693147181, -2000.69315, -0.693147181), roundoff)

	nan := float32(math.NaN())
	if got := infer(f, values([]int{1, 2}, nan, 1)).At(0, 1); !math.IsNaN(float64(got)) {
		t.Errorf("row with NaN: got %g, want NaN", got)
	}

	x := random(1, 4, 6)
	gradcheck.Check(t, "logsoftmax", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return eachRow(in[0], ag.LogSoftmax) }, x)
	wantShapePanic(t, "vector", func() { infer(f, random(1, 3)) })
}
