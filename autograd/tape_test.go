package autograd_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// wantPanic checks that f panics with a message that contains want.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got, _ := recover().(string); !strings.Contains(got, want) {
			t.Errorf("got panic %q, want one with %q", got, want)
		}
	}()
	f()
}

func TestNilTapeIsInference(t *testing.T) {
	var tape *autograd.Tape
	x, grad := random(1, 2, 3), tensor.New(2, 3)
	y := autograd.Mul(tape.Leaf(x), tape.Param(x, grad))
	if y.NeedsGrad() {
		t.Error("got a result on a tape")
	}
	tape.Reset()
	if n := tape.Len(); n != 0 {
		t.Errorf("got %d operations on the nil tape, want 0", n)
	}
	wantPanic(t, "nil tape", func() { tape.Backward(autograd.Sum(y)) })
}

func TestTapeRecordsOnlyWhatNeedsIt(t *testing.T) {
	tape := autograd.NewTape()
	a, c := tape.Leaf(random(1, 2, 3)), autograd.Const(random(2, 2, 3))
	autograd.Mul(c, c)
	if n := tape.Len(); n != 0 {
		t.Errorf("got %d operations after one on constants, want 0", n)
	}
	autograd.Mul(a, c)
	if n := tape.Len(); n != 1 {
		t.Errorf("got %d operations after one on a leaf, want 1", n)
	}
}

func TestMixedTapes(t *testing.T) {
	a, b := autograd.NewTape().Leaf(random(1, 2)), autograd.NewTape().Leaf(random(2, 2))
	wantPanic(t, "autograd.Add: inputs belong to two different tapes", func() { autograd.Add(a, b) })
	wantPanic(t, "another tape", func() { autograd.NewTape().Backward(autograd.Sum(a)) })
}

func TestReset(t *testing.T) {
	tape := autograd.NewTape()
	x, grad := random(1, 3), tensor.New(3)
	leaf, param := tape.Leaf(x), tape.Param(x, grad)
	loss := autograd.Sum(autograd.Mul(leaf, param))
	tape.Backward(loss)
	tape.Reset()
	if n := tape.Len(); n != 0 {
		t.Errorf("got %d operations after Reset, want 0", n)
	}
	wantClose(t, "gradient of a leaf outlives Reset", leaf.Grad, x, 0)
	wantClose(t, "gradient of a parameter outlives Reset", grad, x, 0)
	wantPanic(t, "before Tape.Reset", func() { autograd.Scale(leaf, 2) })
	wantPanic(t, "before Tape.Reset", func() { tape.Backward(loss) })

	tape.Backward(autograd.Sum(tape.Param(x, grad)))
	wantClose(t, "parameter after another step", grad, tensor.Map(x, func(v float32) float32 { return v + 1 }), 0)
}

// TestResetFreesActivations holds the tape, as a training loop does, and checks
// that what it recorded can be collected.
func TestResetFreesActivations(t *testing.T) {
	tape := autograd.NewTape()
	freed := make(chan bool, 1)
	func() {
		y := autograd.Scale(tape.Leaf(random(1, 8)), 2)
		runtime.AddCleanup(y, func(c chan bool) { c <- true }, freed)
		autograd.Sum(y)
	}()
	tape.Reset()
	for range 10 {
		runtime.GC()
		select {
		case <-freed:
			runtime.KeepAlive(tape)
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("the result of an operation is still reachable after Reset")
}

func TestParamShape(t *testing.T) {
	wantShapePanic(t, "gradient of another shape", func() { autograd.NewTape().Param(random(1, 2, 3), tensor.New(3, 2)) })
}
