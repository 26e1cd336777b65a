package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestGatherRows(t *testing.T) {
	rows := []int{2, 0, 2}
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.GatherRows(x, rows) })
	got := infer(f, values([]int{3, 2}, 1, 2, 3, 4, 5, 6))
	wantClose(t, "value", got, values([]int{3, 2}, 5, 6, 1, 2, 5, 6), 0)
	gradcheck.Check(t, "gatherrows", f, random(1, 4, 3))
	for _, bad := range []int{-1, 3} {
		wantShapePanic(t, "row outside", func() { autograd.GatherRows(autograd.Const(random(1, 3, 2)), []int{bad}) })
	}
}
