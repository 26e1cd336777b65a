package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestTanh(t *testing.T) {
	wantPoints(t, autograd.Tanh, []point{
		{0, 0}, {0.5, 0.462117157}, {1, 0.761594156}, {-1, -0.761594156}, {2, 0.96402758},
		{-3, -0.995054754}, {6, 0.999987712}, {20, 1}, {-20, -1}, {1000, 1}, {-1000, -1},
	})
	x := random(1, 3, 7)
	gradcheck.Check(t, "tanh", unary(autograd.Tanh), x)
	againstSpago(t, unary(autograd.Tanh), func(in []mat.Tensor) mat.Tensor { return ag.Tanh(in[0]) }, x)
}
