package autograd_test

import (
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestTopK(t *testing.T) {
	x := values([]int{2, 4}, 1, 7, 3, 7, -1, -2, -3, -4)
	y, index := autograd.TopK(autograd.Const(x), 3)
	wantClose(t, "values", y.Value, values([]int{2, 3}, 7, 7, 3, -1, -2, -3), 0)
	if want := []int{1, 3, 2, 0, 1, 2}; !slices.Equal(index, want) {
		t.Errorf("columns: got %v, want %v", index, want)
	}
	gradcheck.Check(t, "topk", unary(func(x *autograd.Var) *autograd.Var { y, _ := autograd.TopK(x, 2); return y }), random(1, 3, 5))
	for _, k := range []int{0, 5} {
		wantShapePanic(t, "number of elements", func() { autograd.TopK(autograd.Const(x), k) })
	}
}
