package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSigmoid(t *testing.T) {
	wantPoints(t, autograd.Sigmoid, []point{
		{0, 0.5}, {0.5, 0.622459331}, {1, 0.731058579}, {-1, 0.268941421}, {2, 0.880797078},
		{-3, 0.0474258732}, {6, 0.997527377}, {-10, 4.53978687e-05}, {20, 1}, {-20, 2.06115362e-09}, {-80, 0}, {1000, 1}, {-1000, 0},
	})
	x := random(1, 3, 7)
	gradcheck.Check(t, "sigmoid", unary(autograd.Sigmoid), x)
	againstSpago(t, unary(autograd.Sigmoid), func(in []mat.Tensor) mat.Tensor { return ag.Sigmoid(in[0]) }, x)
}
