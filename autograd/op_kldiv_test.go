package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
)

func TestKLDiv(t *testing.T) {
	// Teacher (¼, ¾) against student (½, ½), then equal rows.
	teacher := values([]int{2, 2}, 0, 1.09861229, 5, 7)
	got := autograd.KLDiv(teacher, autograd.Const(values([]int{2, 2}, 3, 3, 5, 7))).Value
	wantClose(t, "value", got, values([]int{1}, 0.130812036/2), roundoff)
	got = autograd.KLDiv(values([]int{1, 2}, 1000, -1000), autograd.Const(values([]int{1, 2}, 0, 0))).Value
	wantClose(t, "certain teacher", got, values([]int{1}, 0.693147181), roundoff)

	teacher, student := random(1, 4, 6), random(2, 4, 6)
	f := unary(func(s *autograd.Var) *autograd.Var { return autograd.KLDiv(teacher, s) })
	gradcheck.Check(t, "kldiv", f, student)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		rows := make([]mat.Tensor, 4)
		for i := range rows {
			p := ag.StopGrad(ag.Softmax(ag.T(ag.RowView(toSpago(teacher), i))))
			logQ := ag.LogSoftmax(ag.T(ag.RowView(in[0], i)))
			rows[i] = ag.ReduceSum(ag.Prod(p, ag.Sub(ag.Log(p), logQ)))
		}
		return ag.Mean(rows)
	}, student)
	wantShapePanic(t, "different shapes", func() { autograd.KLDiv(random(1, 4, 5), autograd.Const(student)) })
}
