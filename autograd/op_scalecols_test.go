package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestScaleCols(t *testing.T) {
	f := binary(autograd.ScaleCols)
	got := infer(f, values([]int{2, 3}, 1, 2, 3, 4, 5, 6), values([]int{3}, 2, 0, -1))
	wantClose(t, "value", got, values([]int{2, 3}, 2, 0, -3, 8, 0, -6), 0)
	gradcheck.Check(t, "scale columns", f, random(1, 4, 5), random(2, 5))
	wantShapePanic(t, "as many weights as columns", func() { infer(f, random(1, 2, 3), random(2, 2)) })
}
