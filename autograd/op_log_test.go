package autograd_test

import (
	"math"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func TestLog(t *testing.T) {
	inf := float32(math.Inf(1))
	wantPoints(t, autograd.Log, []point{{1, 0}, {2.7182818, 1}, {0.5, -0.6931472}, {0, -inf}, {inf, inf}})
	positive := tensor.Map(random(1, 3, 5), func(v float32) float32 { return v*v + 0.5 })
	gradcheck.Check(t, "log", unary(autograd.Log), positive)
}
