package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestTranspose(t *testing.T) {
	x := values([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	wantClose(t, "value", infer(unary(autograd.Transpose), x), values([]int{3, 2}, 1, 4, 2, 5, 3, 6), 0)
	gradcheck.Check(t, "transpose", unary(autograd.Transpose), random(1, 3, 5))
	wantShapePanic(t, "a vector", func() { autograd.Transpose(autograd.Const(random(1, 3))) })
}
