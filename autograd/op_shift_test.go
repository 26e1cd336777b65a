package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestShift(t *testing.T) {
	one := func(x *autograd.Var) *autograd.Var { return autograd.Shift(x, 1) }
	wantPoints(t, one, []point{{0, 1}, {2.5, 3.5}, {-1, 0}})
	gradcheck.Check(t, "shift", unary(one), random(1, 3, 7))
}
