package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestMul(t *testing.T) {
	f := binary(autograd.Mul)
	got := infer(f, values([]int{3}, 1, 2, -3), values([]int{3}, 10, -20, 0))
	wantClose(t, "value", got, values([]int{3}, 10, -40, 0), 0)

	a, b := random(1, 3, 5), random(2, 3, 5)
	gradcheck.Check(t, "mul", f, a, b)
	gradcheck.Check(t, "square", unary(func(x *autograd.Var) *autograd.Var { return autograd.Mul(x, x) }), a)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Prod(in[0], in[1]) }, a, b)
	wantShapePanic(t, "different shapes", func() { infer(f, random(1, 2, 3), random(1, 3)) })
}
