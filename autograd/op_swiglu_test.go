package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSwiGLU(t *testing.T) {
	f := binary(autograd.SwiGLU)
	got := infer(f, values([]int{4}, 0, 1, -1, 2), values([]int{4}, 5, 1, 2, -1))
	wantClose(t, "value", got, values([]int{4}, 0, 0.731058579, -0.537882843, -1.76159416), roundoff)

	gate, up := random(1, 3, 5), random(2, 3, 5)
	gradcheck.Check(t, "swiglu", f, gate, up)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Prod(ag.SiLU(in[0]), in[1]) }, gate, up)
	wantShapePanic(t, "different shapes", func() { infer(f, random(1, 2, 3), random(1, 3, 2)) })
}
