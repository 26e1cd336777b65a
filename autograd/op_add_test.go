package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestAdd(t *testing.T) {
	f := binary(autograd.Add)
	got := infer(f, values([]int{2, 2}, 1, 2, 3, 4), values([]int{2, 2}, 10, -20, 0.5, 0))
	wantClose(t, "value", got, values([]int{2, 2}, 11, -18, 3.5, 4), 0)

	a, b := random(1, 3, 5), random(2, 3, 5)
	gradcheck.Check(t, "add", f, a, b)
	gradcheck.Check(t, "add to itself", unary(func(x *autograd.Var) *autograd.Var { return autograd.Add(x, x) }), a)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Add(in[0], in[1]) }, a, b)
	wantShapePanic(t, "different shapes", func() { infer(f, random(1, 2, 3), random(1, 3, 2)) })
}
