package autograd

import (
	"errors"
	"strings"
	"testing"

	"github.com/adagp/adagp/tensor"
)

// TestWrongGradientShape has an operation with a slip that only its author can
// make: the engine names it.
func TestWrongGradientShape(t *testing.T) {
	tape := NewTape()
	x := tape.Leaf(tensor.New(2, 3))
	y := record("Broken", tensor.New(6), func(dy *tensor.Tensor) []*tensor.Tensor { return grads(dy) }, x)
	defer func() {
		var shape *tensor.ShapeError
		err, _ := recover().(error)
		if !errors.As(err, &shape) || !strings.Contains(err.Error(), "Broken, gradient of input 0: got [6], want [2 3]") {
			t.Errorf("got panic %v, want one about the gradient of Broken", err)
		}
	}()
	tape.BackwardFrom(y, tensor.New(6))
}
