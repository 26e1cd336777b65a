package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestSoftCap(t *testing.T) {
	two := func(x *autograd.Var) *autograd.Var { return autograd.SoftCap(x, 2) }
	wantPoints(t, two, []point{{0, 0}, {1, 0.924234315}, {-2, -1.52318831}, {4, 1.92805516}, {1000, 2}, {-1000, -2}})
	gradcheck.Check(t, "soft cap", unary(two), random(1, 3, 7))
}
