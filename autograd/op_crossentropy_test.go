package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/losses"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestCrossEntropy(t *testing.T) {
	logits := values([]int{3, 3}, 1, 2, 3, 0, 0, 0, 1000, -1000, 0)
	for _, c := range []struct {
		what    string
		targets []int
		want    float32
	}{
		{"all rows", []int{2, 0, 0}, (0.407605964 + 1.09861229) / 3},
		{"one row", []int{-1, 0, -1}, 1.09861229},
		{"no overflow", []int{-1, -1, 1}, 2000},
		{"no row", []int{-1, -100, -1}, 0},
	} {
		got := autograd.CrossEntropy(autograd.Const(logits), c.targets).Value
		wantClose(t, c.what, got, values([]int{1}, c.want), roundoff)
	}

	x, targets := random(1, 4, 6), []int{5, -1, 0, 3}
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.CrossEntropy(x, targets) })
	gradcheck.Check(t, "crossentropy", f, x)
	gradcheck.Check(t, "crossentropy, all ignored", unary(func(x *autograd.Var) *autograd.Var {
		return autograd.CrossEntropy(x, []int{-1, -1, -1, -1})
	}), x)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		var rows []mat.Tensor
		for i, target := range targets {
			if target >= 0 {
				rows = append(rows, losses.CrossEntropy(ag.T(ag.RowView(in[0], i)), target))
			}
		}
		return ag.Mean(rows)
	}, x)
	wantShapePanic(t, "too few targets", func() { autograd.CrossEntropy(autograd.Const(x), []int{0}) })
	wantShapePanic(t, "target too large", func() { autograd.CrossEntropy(autograd.Const(x), []int{0, 1, 2, 6}) })
}
