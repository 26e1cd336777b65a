package optim

import (
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/tensor"
)

// ToSpago returns a spago matrix over the elements of t, which it shares. spago
// has matrices only: a vector [n] becomes the column [n, 1], a scalar [1, 1],
// and all but the last dimension of a tensor of higher rank become the rows.
// Row-major order is the same in both, so that this is never a copy.
func ToSpago(t *tensor.Tensor) *mat.Dense[float32] {
	rows, cols := t.Len(), 1
	if t.Rank() > 1 {
		rows, cols = 1, t.Dim(-1)
		for i := range t.Rank() - 1 {
			rows *= t.Dim(i)
		}
	}
	return mat.NewDense[float32](mat.WithShape(rows, cols), mat.WithBacking(t.Data()))
}

// FromSpago returns a tensor [rows, cols] over the elements of m, which it
// shares if they are float32. A float64 matrix is rounded into new storage.
func FromSpago(m mat.Tensor) *tensor.Tensor {
	v := m.Value()
	return tensor.FromSlice(mat.Data[float32](v), v.Shape()...)
}
