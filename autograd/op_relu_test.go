package autograd_test

import (
	"math"
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestReLU(t *testing.T) {
	wantPoints(t, autograd.ReLU, []point{
		{0, 0}, {0.5, 0.5}, {-0.5, 0}, {1e-30, 1e-30}, {-1e30, 0}, {1e30, 1e30},
	})
	if got := autograd.ReLU(autograd.Const(values([]int{1}, float32(math.NaN())))).Value.At(0); !math.IsNaN(float64(got)) {
		t.Errorf("f(NaN): got %g, want NaN", got)
	}
	inf, tiny := float32(math.Inf(1)), float32(math.SmallestNonzeroFloat32)
	edges := values([]int{8}, 0, float32(math.Copysign(0, -1)), tiny, -tiny, inf, -inf, math.MaxFloat32, -math.MaxFloat32)
	dx := gradients(unary(autograd.ReLU), values([]int{8}, 1, 2, 3, 4, 5, 6, 7, 8), edges)
	wantClose(t, "gradient at the edges", dx[0], values([]int{8}, 0, 0, 3, 0, 5, 0, 7, 0), 0)

	x := away(random(1, 3, 7))
	gradcheck.Check(t, "relu", unary(autograd.ReLU), x)
	againstSpago(t, unary(autograd.ReLU), func(in []mat.Tensor) mat.Tensor { return ag.ReLU(in[0]) }, x)
}
