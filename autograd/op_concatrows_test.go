package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestConcatRows(t *testing.T) {
	f := func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return autograd.ConcatRows(in...) }
	got := infer(f, values([]int{1, 2}, 1, 2), values([]int{2, 2}, 3, 4, 5, 6))
	wantClose(t, "value", got, values([]int{3, 2}, 1, 2, 3, 4, 5, 6), 0)

	a, b, c := random(1, 2, 5), random(2, 1, 5), random(3, 3, 5)
	gradcheck.Check(t, "concatrows", f, a, b, c)
	gradcheck.Check(t, "concatrows of one twice", unary(func(x *autograd.Var) *autograd.Var { return autograd.ConcatRows(x, x) }), a)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		return ag.Stack(append(append(ag.RowViews(in[0]), ag.RowViews(in[1])...), ag.RowViews(in[2])...)...)
	}, a, b, c)
	wantShapePanic(t, "different widths", func() { infer(f, random(1, 2, 3), random(1, 2, 4)) })
}
