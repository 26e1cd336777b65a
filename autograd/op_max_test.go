package autograd_test

import (
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestMax(t *testing.T) {
	y, index := autograd.Max(autograd.Const(values([]int{2, 3}, 1, 7, 7, -3, -2, -4)))
	wantClose(t, "values", y.Value, values([]int{2, 1}, 7, -2), 0)
	if want := []int{1, 1}; !slices.Equal(index, want) {
		t.Errorf("columns: got %v, want %v", index, want)
	}
	gradcheck.Check(t, "max", unary(func(x *autograd.Var) *autograd.Var { y, _ := autograd.Max(x); return y }), random(1, 3, 5))
}
