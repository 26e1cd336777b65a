package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/mat"
	spago "github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/nn/normalization/layernorm"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

const layerNormEps = 0.5 // large enough to show in the numbers

func layerNorm(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
	if len(in) == 2 {
		return autograd.LayerNorm(in[0], in[1], nil, layerNormEps)
	}
	return autograd.LayerNorm(in[0], in[1], in[2], layerNormEps)
}

func TestLayerNorm(t *testing.T) {
	// The deviations are ±1 in the first row and 0 in the second.
	x, w, b := values([]int{2, 2}, 3, 5, 7, 7), values([]int{2}, 1, 10), values([]int{2}, 100, 200)
	const d = 0.816496581 // (1+½)^-½
	wantClose(t, "without bias", infer(layerNorm, x, w), values([]int{2, 2}, -d, 10*d, 0, 0), roundoff)
	wantClose(t, "with bias", infer(layerNorm, x, w, b), values([]int{2, 2}, 100-d, 200+10*d, 100, 200), roundoff)

	x, w, b = random(1, 3, 6), random(2, 6), random(3, 6)
	gradcheck.Check(t, "layernorm without bias", layerNorm, x, w)
	gradcheck.Check(t, "layernorm with bias", layerNorm, x, w, b)
	againstSpago(t, layerNorm, func(in []mat.Tensor) mat.Tensor {
		m := layernorm.Model{
			W:   &spago.Param{Matrix: in[1].(mat.Matrix)},
			B:   &spago.Param{Matrix: in[2].(mat.Matrix)},
			Eps: spago.Buf(constant(layerNormEps)),
		}
		return eachRow(in[0], func(row mat.Tensor) mat.Tensor { return m.Forward(row)[0] })
	}, x, w, b)
	wantShapePanic(t, "weight of another width", func() { infer(layerNorm, random(1, 2, 3), random(1, 2)) })
	wantShapePanic(t, "bias of another width", func() { infer(layerNorm, random(1, 2, 3), random(1, 3), random(1, 2)) })
}
