package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

// spago's GELU is the tanh form, so that finite differences are the only oracle
// for the gradient here.
func TestGELU(t *testing.T) {
	wantPoints(t, autograd.GELU, []point{
		{0, 0}, {0.5, 0.345731231}, {1, 0.841344746}, {-1, -0.158655254}, {2, 1.95449974},
		{-3, -0.00404969409}, {6, 5.99999999}, {-10, 0}, {20, 20}, {-20, 0}, {1000, 1000}, {-1000, 0},
	})
	gradcheck.Check(t, "gelu", unary(autograd.GELU), random(1, 3, 7))
}
