package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSliceCols(t *testing.T) {
	x := values([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	wantClose(t, "middle", autograd.SliceCols(autograd.Const(x), 1, 2).Value, values([]int{2, 1}, 2, 5), 0)
	wantClose(t, "all", autograd.SliceCols(autograd.Const(x), 0, 3).Value, x, 0)
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.SliceCols(x, 1, 3) })
	gradcheck.Check(t, "slice of columns", f, random(1, 3, 4))
	wantShapePanic(t, "negative", func() { autograd.SliceCols(autograd.Const(x), -1, 2) })
	wantShapePanic(t, "too far", func() { autograd.SliceCols(autograd.Const(x), 0, 4) })
	wantShapePanic(t, "reversed", func() { autograd.SliceCols(autograd.Const(x), 2, 1) })
}
