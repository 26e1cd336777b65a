package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestGELUTanh(t *testing.T) {
	wantPoints(t, autograd.GELUTanh, []point{
		{0, 0}, {0.5, 0.34571401}, {1, 0.841191991}, {-1, -0.158808009}, {2, 1.95459769},
		{-3, -0.00363739208}, {6, 6}, {-10, 0}, {20, 20}, {-20, 0}, {1000, 1000}, {-1000, 0},
	})
	x := random(1, 3, 7)
	gradcheck.Check(t, "gelutanh", unary(autograd.GELUTanh), x)
	// spago's derivative has its constants rounded to six digits.
	againstSpagoWithin(t, 1e-5, unary(autograd.GELUTanh), func(in []mat.Tensor) mat.Tensor { return ag.GELU(in[0]) }, x)
}
