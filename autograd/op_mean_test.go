package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func TestMean(t *testing.T) {
	f := unary(autograd.Mean)
	wantClose(t, "value", infer(f, values([]int{2, 2}, 1, -2, 3, 0)), values([]int{1}, 0.5), 0)
	wantClose(t, "empty", infer(f, tensor.New(0, 3)), values([]int{1}, 0), 0)

	x := random(1, 3, 5)
	gradcheck.Check(t, "mean", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.ReduceMean(column(in[0])) }, x)
}
