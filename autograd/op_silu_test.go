package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSiLU(t *testing.T) {
	wantPoints(t, autograd.SiLU, []point{
		{0, 0}, {0.5, 0.311229666}, {1, 0.731058579}, {-1, -0.268941421}, {2, 1.76159416},
		{-3, -0.14227762}, {6, 5.98516426}, {-10, -0.000453978687}, {20, 20}, {-20, -4.12230724e-08}, {80, 80}, {-80, 0}, {-1000, 0},
	})
	x := random(1, 3, 7)
	gradcheck.Check(t, "silu", unary(autograd.SiLU), x)
	againstSpago(t, unary(autograd.SiLU), func(in []mat.Tensor) mat.Tensor { return ag.SiLU(in[0]) }, x)
}
