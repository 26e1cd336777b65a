package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestConcatCols(t *testing.T) {
	f := func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return autograd.ConcatCols(in...) }
	got := infer(f, values([]int{2, 1}, 1, 2), values([]int{2, 2}, 3, 4, 5, 6))
	wantClose(t, "value", got, values([]int{2, 3}, 1, 3, 4, 2, 5, 6), 0)
	gradcheck.Check(t, "concatcols", f, random(1, 3, 2), random(2, 3, 4), random(3, 3, 1))
	wantShapePanic(t, "other rows", func() { infer(f, random(1, 2, 2), random(1, 3, 2)) })
}
