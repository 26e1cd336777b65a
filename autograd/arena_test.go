package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
)

// A pass that asks for the same shapes in the same order gets the same memory.
func TestArena(t *testing.T) {
	a := autograd.NewArena()
	first, mark := a.Take(1, 8), a.Mark()
	second := a.Take(2, 3)
	a.Release(mark)
	if again := a.Take(2, 3); again != second || again == first {
		t.Error("memory was not lent again after Release")
	}
	if x := a.Take(4, 4); x.Dim(0) != 4 || x.Dim(1) != 4 {
		t.Errorf("got shape %v, want 4×4", x.Shape())
	}
	a.Reset()
	if a.Take(1, 8) != first {
		t.Error("Reset did not start over")
	}
	other := a.Take(3, 2)
	if other == second || other.Dim(0) != 3 {
		t.Error("memory of another shape was lent")
	}
	// The shape that made room comes back.
	a.Release(mark)
	if a.Take(2, 3) != second {
		t.Error("a spare matrix was not lent again")
	}
}

// Without an arena memory is fresh; results of operations on its constants live in it, recorded ones do not.
func TestArenaConstants(t *testing.T) {
	var none *autograd.Arena
	if x, y := none.Take(2, 2), none.Take(2, 2); x == y {
		t.Error("the nil arena lent memory twice")
	}
	x, w := random(1, 3, 5), random(2, 3, 5)
	wantClose(t, "nil arena", autograd.Add(none.Const(x), none.Const(w)).Value, autograd.Add(autograd.Const(x), autograd.Const(w)).Value, 0)
	a := autograd.NewArena()
	pass := func() *autograd.Var { return autograd.Scale(autograd.Add(a.Const(x), a.Const(w)), 2) }
	y := pass().Value
	a.Reset()
	if pass().Value != y {
		t.Error("the second pass took other memory than the first")
	}
	tape := autograd.NewTape()
	if sum := autograd.Sum(autograd.Add(a.Const(x), tape.Leaf(w))); !sum.NeedsGrad() {
		t.Error("a leaf in an arena's pass was not recorded")
	}
}
