package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func linear(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
	if len(in) == 2 {
		return autograd.Linear(in[0], in[1], nil)
	}
	return autograd.Linear(in[0], in[1], in[2])
}

func TestLinear(t *testing.T) {
	x, w, b := values([]int{2, 3}, 1, 2, 3, 4, 5, 6), values([]int{2, 3}, 1, 0, -1, 2, 1, 0), values([]int{2}, 10, 20)
	wantClose(t, "without bias", infer(linear, x, w), values([]int{2, 2}, -2, 4, -2, 13), 0)
	wantClose(t, "with bias", infer(linear, x, w, b), values([]int{2, 2}, 8, 24, 8, 33), 0)

	x, w, b = random(1, 4, 7), random(2, 5, 7), random(3, 5)
	gradcheck.Check(t, "linear without bias", linear, x, w)
	gradcheck.Check(t, "linear with bias", linear, x, w, b)
	againstSpago(t, linear, func(in []mat.Tensor) mat.Tensor {
		return eachRow(in[0], func(row mat.Tensor) mat.Tensor { return ag.Affine(in[2], in[1], row) })
	}, x, w, b)

	for _, c := range []struct {
		what    string
		x, w, b *tensor.Tensor
	}{
		{"vector input", random(1, 7), w, b},
		{"weights of another width", x, random(1, 5, 6), b},
		{"bias of another length", x, w, random(1, 4)},
	} {
		wantShapePanic(t, c.what, func() { infer(linear, c.x, c.w, c.b) })
	}
}
