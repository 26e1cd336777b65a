package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func TestClamp(t *testing.T) {
	half := func(x *autograd.Var) *autograd.Var { return autograd.Clamp(x, 0.5) }
	wantPoints(t, half, []point{{0, 0}, {0.25, 0.25}, {0.5, 0.5}, {0.75, 0.5}, {-0.25, -0.25}, {-9, -0.5}})
	// The bounds are kinks: no value may be near them.
	x := tensor.Map(random(1, 3, 7), func(v float32) float32 {
		if v > 0.4 && v < 0.6 || v > -0.6 && v < -0.4 {
			return 2 * v
		}
		return v
	})
	gradcheck.Check(t, "clamp", unary(half), x)
}
