package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestExp(t *testing.T) {
	wantPoints(t, autograd.Exp, []point{{0, 1}, {1, 2.7182818}, {-1, 0.36787944}, {-200, 0}})
	gradcheck.Check(t, "exp", unary(autograd.Exp), random(1, 3, 5))
}
