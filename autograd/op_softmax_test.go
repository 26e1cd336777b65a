package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSoftmax(t *testing.T) {
	f := unary(autograd.Softmax)
	got := infer(f, values([]int{3, 3}, 0, 0, 0, 1, 2, 3, 1000, -1000, 1000))
	const third = 1. / 3
	wantClose(t, "value", got, values([]int{3, 3}, third, third, third, 0.0900305732, 0.244728471, 0.665240956, 0.5, 0, 0.5), roundoff)

	x := random(1, 4, 6)
	gradcheck.Check(t, "softmax", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return eachRow(in[0], ag.Softmax) }, x)
	wantShapePanic(t, "vector", func() { infer(f, random(1, 3)) })
}
