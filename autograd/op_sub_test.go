package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSub(t *testing.T) {
	f := binary(autograd.Sub)
	got := infer(f, values([]int{3}, 1, 2, 3), values([]int{3}, 10, -20, 3))
	wantClose(t, "value", got, values([]int{3}, -9, 22, 0), 0)

	a, b := random(1, 3, 5), random(2, 3, 5)
	gradcheck.Check(t, "sub", f, a, b)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Sub(in[0], in[1]) }, a, b)
	wantShapePanic(t, "different shapes", func() { infer(f, random(1, 2, 3), random(1, 6)) })
}
