package linalg

import (
	"errors"
	"fmt"

	"github.com/adagp/adagp/tensor"
)

// NotPositiveDefiniteError says that a factorisation met a pivot that is not positive. Adding a
// little more to the diagonal is the usual cure.
type NotPositiveDefiniteError struct {
	Pivot int     // row and column of the pivot
	Value float64 // what it had become
}

func (e *NotPositiveDefiniteError) Error() string {
	return fmt.Sprintf("matrix is not positive definite: pivot %d is %g", e.Pivot, e.Value)
}

// NonFiniteError says that a matrix given to a factorisation holds NaN or Inf, or that its result
// overflowed.
type NonFiniteError struct {
	Row, Col int
	Value    float64
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("matrix is not finite: element [%d %d] is %v", e.Row, e.Col, e.Value)
}

// ErrNoConvergence is returned by [SymEigen] when the iteration does not settle.
var ErrNoConvergence = errors.New("eigenvalue iteration did not converge")

// shape panics with a *tensor.ShapeError unless m is [rows, cols].
func (m *Matrix) shape(op string, rows, cols int) {
	if m.Rows != rows || m.Cols != cols {
		panic(&tensor.ShapeError{Op: "linalg." + op, Got: []int{m.Rows, m.Cols}, Want: []int{rows, cols}})
	}
}

// square panics with a *tensor.ShapeError unless m is square.
func (m *Matrix) square(op string) int {
	m.shape(op, m.Rows, m.Rows)
	return m.Rows
}
