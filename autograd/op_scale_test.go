package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestScale(t *testing.T) {
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, -2.5) })
	wantClose(t, "value", infer(f, values([]int{3}, 1, 0, -4)), values([]int{3}, -2.5, 0, 10), 0)

	x := random(1, 3, 5)
	gradcheck.Check(t, "scale", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.ProdScalar(in[0], constant(-2.5)) }, x)
}
