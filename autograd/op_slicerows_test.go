package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSliceRows(t *testing.T) {
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.SliceRows(x, 1, 3) })
	got := infer(f, values([]int{4, 2}, 1, 2, 3, 4, 5, 6, 7, 8))
	wantClose(t, "value", got, values([]int{2, 2}, 3, 4, 5, 6), 0)

	x := random(1, 4, 5)
	gradcheck.Check(t, "slicerows", f, x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Slice(in[0], 1, 0, 3, 5) }, x)
	wantShapePanic(t, "rows outside", func() { infer(f, random(1, 2, 5)) })
}
