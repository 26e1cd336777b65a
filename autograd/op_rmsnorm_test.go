package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestRMSNorm(t *testing.T) {
	const eps = 0.5 // large enough to show in the numbers
	f := binary(func(x, w *autograd.Var) *autograd.Var { return autograd.RMSNorm(x, w, eps) })
	// mean(x²)+eps is 13 in the first row and ½ in the second.
	got := infer(f, values([]int{2, 2}, 3, 4, 0, 0), values([]int{2}, 1, 10))
	wantClose(t, "value", got, values([]int{2, 2}, 0.832050294, 11.0940039, 0, 0), roundoff)

	x, w := random(1, 3, 6), random(2, 6)
	gradcheck.Check(t, "rmsnorm", f, x, w)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		return eachRow(in[0], func(row mat.Tensor) mat.Tensor {
			rms := ag.Sqrt(ag.AddScalar(ag.ReduceMean(ag.Square(row)), constant(eps)))
			return ag.Prod(ag.DivScalar(row, rms), in[1])
		})
	}, x, w)
	wantShapePanic(t, "weight of another width", func() { infer(f, random(1, 2, 3), random(1, 2)) })
}
