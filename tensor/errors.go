package tensor

import (
	"fmt"
	"strings"
)

// AnyDim stands for a dimension of any length in [ShapeError].Want and [CheckShape].
const AnyDim = -1

// ShapeError is the value of the panic raised when a caller passes a tensor of
// the wrong shape or an index out of range. Such a panic is a mistake in the
// calling program; shapes read from files must be checked before they get here.
type ShapeError struct {
	Op   string // function that was called, for example "MatMul"
	Got  []int  // shape or index that was passed
	Want []int  // what would have been right; AnyDim where any length is
	Msg  string // further explanation, may be empty
}

func (e *ShapeError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tensor: %s: got %v", e.Op, e.Got)
	if e.Want != nil {
		fmt.Fprintf(&b, ", want %s", shapeString(e.Want))
	}
	if e.Msg != "" {
		b.WriteString(": ")
		b.WriteString(e.Msg)
	}
	return b.String()
}

// CheckShape panics with a [*ShapeError] naming op unless t has the wanted
// shape; [AnyDim] in want accepts any length.
func CheckShape(op string, t *Tensor, want ...int) {
	ok := len(t.shape) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = want[i] == AnyDim || want[i] == t.shape[i]
	}
	if !ok {
		panic(&ShapeError{Op: op, Got: t.Shape(), Want: append([]int(nil), want...)})
	}
}

// checkSame panics unless a and b have equal shapes.
func checkSame(op string, a, b *Tensor) {
	if !SameShape(a, b) {
		panic(&ShapeError{Op: op, Got: b.Shape(), Want: a.Shape()})
	}
}

// shapeString writes [2 3 *] for {2, 3, AnyDim}.
func shapeString(shape []int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range shape {
		if i > 0 {
			b.WriteByte(' ')
		}
		if d == AnyDim {
			b.WriteByte('*')
		} else {
			fmt.Fprintf(&b, "%d", d)
		}
	}
	b.WriteByte(']')
	return b.String()
}
