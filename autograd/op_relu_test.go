package autograd_test

import (
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
	x := away(random(1, 3, 7))
	gradcheck.Check(t, "relu", unary(autograd.ReLU), x)
	againstSpago(t, unary(autograd.ReLU), func(in []mat.Tensor) mat.Tensor { return ag.ReLU(in[0]) }, x)
}
