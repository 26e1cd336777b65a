package autograd_test

import (
	"math"
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

	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	got = autograd.KLDiv(values([]int{1, 3}, 0, -inf, 0), autograd.Const(values([]int{1, 3}, 0, 0, 0))).Value
	wantClose(t, "token ruled out by the teacher", got, values([]int{1}, 0.405465108), roundoff)
	got = autograd.KLDiv(values([]int{1, 3}, 0, -inf, 0), autograd.Const(values([]int{1, 3}, 0, -inf, 0))).Value
	wantClose(t, "token ruled out by both", got, values([]int{1}, 0), roundoff)
	got = autograd.KLDiv(values([]int{1, 2}, 0, 0), autograd.Const(values([]int{1, 2}, 0, -inf))).Value
	wantClose(t, "token ruled out by the student", got, values([]int{1}, inf), roundoff)
	for _, bad := range [][]float32{{nan, 0}, {0, nan}} {
		if got := autograd.KLDiv(values([]int{1, 2}, bad...), autograd.Const(values([]int{1, 2}, 0, 0))).Value; !math.IsNaN(float64(got.At(0))) {
			t.Errorf("teacher %v: got %v, want NaN", bad, got)
		}
		if got := autograd.KLDiv(values([]int{1, 2}, 0, 0), autograd.Const(values([]int{1, 2}, bad...))).Value; !math.IsNaN(float64(got.At(0))) {
			t.Errorf("student %v: got %v, want NaN", bad, got)
		}
	}
	// Near each other the divergence is of second order: here Σ p·d²/2 - (Σ p·d)²/2 for d = ±1e-3.
	near := autograd.Const(values([]int{1, 2}, 0.001, -0.001))
	got = autograd.KLDiv(values([]int{1, 2}, 0, 0), near).Value
	wantClose(t, "near", got, values([]int{1}, 5e-7), 0.2)

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
