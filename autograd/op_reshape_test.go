package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestReshape(t *testing.T) {
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.Reshape(x, 2, 6) })
	x := random(1, 3, 4)
	got := infer(f, x)
	wantClose(t, "value", got, values([]int{2, 6}, x.Data()...), 0)
	if &got.Data()[0] != &x.Data()[0] {
		t.Error("the result is a copy, want shared storage")
	}

	gradcheck.Check(t, "reshape", f, x)
	// The gradient of the view and that of x itself share storage on their way.
	gradcheck.Check(t, "reshape beside its input", unary(func(x *autograd.Var) *autograd.Var {
		return autograd.Add(autograd.Reshape(f(nil, []*autograd.Var{x}), 3, 4), x)
	}), x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor { return ag.Reshape(in[0], 2, 6) }, x)
	wantShapePanic(t, "other number of elements", func() { infer(f, random(1, 3, 5)) })
}
