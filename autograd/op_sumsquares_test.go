package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSumSquares(t *testing.T) {
	f := unary(autograd.SumSquares)
	wantClose(t, "value", infer(f, values([]int{3}, 1, -2, 3)), values([]int{1}, 14), 0)

	x := random(1, 3, 5)
	gradcheck.Check(t, "sumsquares", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.ReduceSum(ag.Square(column(in[0]))) }, x)
}
