package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestAddBias(t *testing.T) {
	f := binary(autograd.AddBias)
	got := infer(f, values([]int{2, 2}, 1, 2, 3, 4), values([]int{2}, 10, -1))
	wantClose(t, "value", got, values([]int{2, 2}, 11, 1, 13, 3), 0)

	x, b := random(1, 4, 5), random(2, 5)
	gradcheck.Check(t, "addbias", f, x, b)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		return eachRow(in[0], func(row mat.Tensor) mat.Tensor { return ag.Add(row, in[1]) })
	}, x, b)
	wantShapePanic(t, "bias of another width", func() { infer(f, random(1, 2, 3), random(1, 2)) })
}
