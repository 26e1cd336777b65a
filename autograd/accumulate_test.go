package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// TestLinearAddsToGradient: a weight that is used twice in a pass, whose gradient holds something already,
// gets the sum, over several passes, with and without memory that is used again.
func TestLinearAddsToGradient(t *testing.T) {
	x, w, b := random(1, 70, 9), random(2, 9, 9), random(3, 9)
	dy := random(4, 70, 9)
	one := func(tape *autograd.Tape, wv, bv *autograd.Var) {
		h := autograd.Linear(tape.Const(x), wv, bv)
		tape.BackwardFrom(autograd.Linear(autograd.Tanh(h), wv, bv), dy)
	}
	// Each use by itself, with a copy of the weight for the other.
	alone := func(first bool) (dw, db *tensor.Tensor) {
		tape := autograd.NewTape()
		w1, b1, w2, b2 := tape.Leaf(w.Clone()), tape.Leaf(b.Clone()), tape.Leaf(w.Clone()), tape.Leaf(b.Clone())
		tape.BackwardFrom(autograd.Linear(autograd.Tanh(autograd.Linear(tape.Const(x), w1, b1)), w2, b2), dy)
		if first {
			return w1.Grad, b1.Grad
		}
		return w2.Grad, b2.Grad
	}
	dw1, db1 := alone(true)
	dw2, db2 := alone(false)
	for name, tape := range map[string]*autograd.Tape{"fresh": autograd.NewTape(), "recycled": autograd.NewTape().Recycle()} {
		dw, db := random(5, 9, 9), random(6, 9)
		wantW, wantB := dw.Clone(), db.Clone()
		for range 3 {
			one(tape, tape.Param(w, dw), tape.Param(b, db))
			tape.Reset()
			for _, g := range []*tensor.Tensor{dw1, dw2} {
				tensor.AddInto(wantW, wantW, g)
			}
			for _, g := range []*tensor.Tensor{db1, db2} {
				tensor.AddInto(wantB, wantB, g)
			}
		}
		wantClose(t, name+" gradient of the weight", dw, wantW, roundoff)
		wantClose(t, name+" gradient of the bias", db, wantB, roundoff)
	}
}
