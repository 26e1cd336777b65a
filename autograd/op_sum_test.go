package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSum(t *testing.T) {
	f := unary(autograd.Sum)
	wantClose(t, "value", infer(f, values([]int{2, 2}, 1, -2, 3, 0.5)), values([]int{1}, 2.5), 0)

	x := random(1, 3, 5)
	gradcheck.Check(t, "sum", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.ReduceSum(column(in[0])) }, x)
}
