package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestScaleRows(t *testing.T) {
	f := binary(autograd.ScaleRows)
	got := infer(f, values([]int{2, 3}, 1, 2, 3, 4, 5, 6), values([]int{2}, 2, -1))
	wantClose(t, "value", got, values([]int{2, 3}, 2, 4, 6, -4, -5, -6), 0)
	gradcheck.Check(t, "scale rows", f, random(1, 4, 5), random(2, 4))
	wantShapePanic(t, "as many weights as rows", func() { infer(f, random(1, 2, 3), random(2, 3)) })
}
