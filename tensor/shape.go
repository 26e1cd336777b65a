package tensor

import (
	"math"
	"slices"
)

// Shape returns the lengths of the dimensions. The slice is a copy.
func (t *Tensor) Shape() []int { return slices.Clone(t.shape) }

// Rank returns the number of dimensions.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements.
func (t *Tensor) Len() int { return len(t.data) }

// Dim returns the length of dimension i; negative i counts from the end, so
// Dim(-1) is the length of a row.
func (t *Tensor) Dim(i int) int {
	j := i
	if j < 0 {
		j += len(t.shape)
	}
	if j < 0 || j >= len(t.shape) {
		panic(&ShapeError{Op: "Dim", Got: []int{i}, Msg: "dimension of shape " + shapeString(t.shape)})
	}
	return t.shape[j]
}

// SameShape reports whether a and b have equal shapes.
func SameShape(a, b *Tensor) bool { return slices.Equal(a.shape, b.shape) }

// volume returns the product of shape and panics if a dimension is negative or
// the product does not fit in an int.
func volume(op string, shape []int) int {
	n, empty := 1, false
	for _, d := range shape {
		if d < 0 {
			panic(&ShapeError{Op: op, Got: slices.Clone(shape), Msg: "negative dimension"})
		}
		if d == 0 {
			empty = true
			continue
		}
		if n > math.MaxInt/4/d {
			panic(&ShapeError{Op: op, Got: slices.Clone(shape), Msg: "too many elements"})
		}
		n *= d
	}
	if empty {
		return 0
	}
	return n
}
