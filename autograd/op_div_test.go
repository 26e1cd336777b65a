package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestDiv(t *testing.T) {
	a, b := values([]int{2, 2}, 1, 2, 3, -4), values([]int{2, 2}, 2, 4, -3, 8)
	wantClose(t, "quotients", infer(binary(autograd.Div), a, b), values([]int{2, 2}, 0.5, 0.5, -1, -0.5), 0)
	gradcheck.Check(t, "div", binary(autograd.Div), random(1, 3, 5), away(away(random(2, 3, 5))))
	wantShapePanic(t, "other shape", func() { autograd.Div(autograd.Const(a), autograd.Const(random(1, 2, 3))) })
}
