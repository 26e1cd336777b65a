package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestMatMulTN(t *testing.T) {
	f := binary(autograd.MatMulTN)
	got := infer(f, values([]int{3, 2}, 1, 4, 2, 5, 3, 6), values([]int{3, 2}, 1, 2, 0, 1, -1, 0))
	wantClose(t, "value", got, values([]int{2, 2}, -2, 4, -2, 13), 0)

	a, b := random(1, 7, 4), random(2, 7, 5)
	gradcheck.Check(t, "matmultn", f, a, b)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Mul(ag.T(in[0]), in[1]) }, a, b)
	wantShapePanic(t, "inner lengths differ", func() { infer(f, random(1, 2, 3), random(1, 3, 2)) })
}
