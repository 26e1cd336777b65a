package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/losses"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestMSE(t *testing.T) {
	got := autograd.MSE(autograd.Const(values([]int{2, 2}, 1, 2, 3, 4)), values([]int{2, 2}, 1, 0, 0, 5)).Value
	wantClose(t, "value", got, values([]int{1}, 14./4), 0)

	x, target := random(1, 3, 5), random(2, 3, 5)
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.MSE(x, target) })
	gradcheck.Check(t, "mse", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		// spago has half the square.
		return ag.ProdScalar(losses.MSE(column(in[0]), column(toSpago(target)), true), constant(2))
	}, x)
	wantShapePanic(t, "different shapes", func() { infer(f, random(1, 5, 3)) })
}
