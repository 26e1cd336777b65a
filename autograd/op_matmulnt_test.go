package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestMatMulNT(t *testing.T) {
	f := binary(autograd.MatMulNT)
	got := infer(f, values([]int{2, 3}, 1, 2, 3, 4, 5, 6), values([]int{2, 3}, 1, 0, -1, 2, 1, 0))
	wantClose(t, "value", got, values([]int{2, 2}, -2, 4, -2, 13), 0)

	a, b := random(1, 4, 7), random(2, 5, 7)
	gradcheck.Check(t, "matmulnt", f, a, b)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Mul(in[0], ag.T(in[1])) }, a, b)
	wantShapePanic(t, "inner lengths differ", func() { infer(f, random(1, 2, 3), random(1, 3, 2)) })
}
