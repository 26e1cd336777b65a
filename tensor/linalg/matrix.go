package linalg

import (
	"fmt"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Matrix is a dense row-major matrix; element [i, j] is Data[i*Cols+j].
type Matrix struct {
	Rows, Cols int
	Data       []float64
}

// New returns a matrix of zeros.
func New(rows, cols int) *Matrix {
	if rows < 0 || cols < 0 {
		panic(&tensor.ShapeError{Op: "linalg.New", Got: []int{rows, cols}, Want: []int{tensor.AnyDim, tensor.AnyDim}})
	}
	return &Matrix{Rows: rows, Cols: cols, Data: make([]float64, rows*cols)}
}

// FromSlice returns a matrix over data, which it shares and which must have rows·cols elements.
func FromSlice(data []float64, rows, cols int) *Matrix {
	if rows < 0 || cols < 0 || len(data) != rows*cols {
		panic(&tensor.ShapeError{Op: "linalg.FromSlice", Got: []int{len(data)}, Want: []int{rows, cols}})
	}
	return &Matrix{Rows: rows, Cols: cols, Data: data}
}

// FromTensor returns a float64 copy of the rank 2 tensor t.
func FromTensor(t *tensor.Tensor) *Matrix {
	tensor.CheckShape("linalg.FromTensor", t, tensor.AnyDim, tensor.AnyDim)
	m := New(t.Dim(0), t.Dim(1))
	for i, v := range t.Data() {
		m.Data[i] = float64(v)
	}
	return m
}

// Identity returns the n × n identity.
func Identity(n int) *Matrix {
	m := New(n, n)
	m.AddDiag(1)
	return m
}

// Tensor returns a float32 copy of m.
func (m *Matrix) Tensor() *tensor.Tensor {
	t := tensor.New(m.Rows, m.Cols)
	d := t.Data()
	for i, v := range m.Data {
		d[i] = float32(v)
	}
	return t
}

// Clone returns a copy.
func (m *Matrix) Clone() *Matrix {
	return &Matrix{Rows: m.Rows, Cols: m.Cols, Data: append([]float64(nil), m.Data...)}
}

// Row returns row i, which shares its storage with m.
func (m *Matrix) Row(i int) []float64 {
	if uint(i) >= uint(m.Rows) {
		panic(&tensor.ShapeError{Op: "linalg.Row", Got: []int{i}, Want: []int{m.Rows, m.Cols}})
	}
	return m.Data[i*m.Cols : (i+1)*m.Cols : (i+1)*m.Cols]
}

// At returns element [i, j].
func (m *Matrix) At(i, j int) float64 { return m.Data[m.index("At", i, j)] }

// Set changes element [i, j] to v.
func (m *Matrix) Set(i, j int, v float64) { m.Data[m.index("Set", i, j)] = v }

func (m *Matrix) index(op string, i, j int) int {
	if uint(i) >= uint(m.Rows) || uint(j) >= uint(m.Cols) {
		panic(&tensor.ShapeError{Op: "linalg." + op, Got: []int{i, j}, Want: []int{m.Rows, m.Cols}})
	}
	return i*m.Cols + j
}

// Diag returns a copy of the diagonal of the square matrix m.
func (m *Matrix) Diag() []float64 {
	d := make([]float64, m.square("Diag"))
	for i := range d {
		d[i] = m.Data[i*m.Cols+i]
	}
	return d
}

// AddDiag adds v to every diagonal element of the square matrix m.
func (m *Matrix) AddDiag(v float64) {
	for i := range m.square("AddDiag") {
		m.Data[i*m.Cols+i] += v
	}
}

// MeanDiag returns the mean of the diagonal of the square matrix m, 0 for the empty one.
func (m *Matrix) MeanDiag() float64 {
	n := m.square("MeanDiag")
	if n == 0 {
		return 0
	}
	sum := 0.0
	for i := range n {
		sum += m.Data[i*n+i]
	}
	return sum / float64(n)
}

// Finite reports whether m holds neither NaN nor Inf.
func (m *Matrix) Finite() bool { return nonFinite(m.Data) < 0 }

// nonFinite returns the index of the first NaN or Inf, or -1.
func nonFinite(x []float64) int {
	const piece = 1 << 12 // stays in the first-level cache for the second look
	for lo := 0; lo < len(x); lo += piece {
		part := x[lo:min(lo+piece, len(x))]
		// A sum of squares is not finite when an element is not, or very large.
		if s := asm.Dot64(part, part); s-s == 0 {
			continue
		}
		for i, v := range part {
			if v-v != 0 {
				return lo + i
			}
		}
	}
	return -1
}

// CheckFinite returns a *NonFiniteError naming the first element that is NaN or Inf.
func (m *Matrix) CheckFinite() error {
	if i := nonFinite(m.Data); i >= 0 {
		return &NonFiniteError{Row: i / m.Cols, Col: i % m.Cols, Value: m.Data[i]}
	}
	return nil
}

// checkTriangle is CheckFinite for the lower or the upper triangle.
func (m *Matrix) checkTriangle(upper bool) error {
	for i := range m.Rows {
		lo, hi := 0, i+1
		if upper {
			lo, hi = i, m.Cols
		}
		if j := nonFinite(m.Row(i)[lo:hi]); j >= 0 {
			return &NonFiniteError{Row: i, Col: lo + j, Value: m.At(i, lo+j)}
		}
	}
	return nil
}

// String returns the shape and the first few elements.
func (m *Matrix) String() string {
	const shown = 6
	if len(m.Data) <= shown {
		return fmt.Sprintf("[%d %d]%v", m.Rows, m.Cols, m.Data)
	}
	return fmt.Sprintf("[%d %d]%v…", m.Rows, m.Cols, m.Data[:shown])
}
