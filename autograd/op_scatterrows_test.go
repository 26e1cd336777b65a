package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestScatterRows(t *testing.T) {
	rows := []int{2, 0, 2}
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.ScatterRows(x, rows, 4) })
	got := infer(f, values([]int{3, 2}, 1, 2, 3, 4, 5, 6))
	wantClose(t, "value", got, values([]int{4, 2}, 3, 4, 0, 0, 6, 8, 0, 0), 0)
	gradcheck.Check(t, "scatterrows", f, random(1, 3, 3))
	wantShapePanic(t, "row outside", func() { autograd.ScatterRows(autograd.Const(random(1, 3, 2)), []int{0, 4, 1}, 4) })
	wantShapePanic(t, "too few rows", func() { autograd.ScatterRows(autograd.Const(random(1, 3, 2)), []int{0}, 4) })
}
