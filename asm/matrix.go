package asm

import "fmt"

// Float is what matrix products are computed in.
type Float interface{ float32 | float64 }

// Matrix is a matrix [Rows, Cols] in a slice: element [i, j] is Data[i·Stride+j], or Data[j·Stride+i] if the matrix
// is Transposed. A row of the slice may be longer than a row of the matrix; what lies between is not touched.
type Matrix[T Float] struct {
	Data       []T
	Rows, Cols int
	Stride     int // elements from one row of the slice to the next
	Transposed bool
}

// MatrixOf returns the matrix [rows, cols] that lies row by row in data, from one row to the next stride elements.
//
// Matrices are passed by their addresses, as the products of small ones take no longer than a few copies would.
func MatrixOf[T Float](data []T, rows, cols, stride int) *Matrix[T] {
	return &Matrix[T]{Data: data, Rows: rows, Cols: cols, Stride: stride}
}

// T returns the transpose, a view of the same elements.
func (m *Matrix[T]) T() *Matrix[T] {
	return &Matrix[T]{Data: m.Data, Rows: m.Cols, Cols: m.Rows, Stride: m.Stride, Transposed: !m.Transposed}
}

// Part returns the rows × cols elements from [i, j] on, a view of them.
func (m *Matrix[T]) Part(i, j, rows, cols int) *Matrix[T] {
	data := m.Data[min(m.at(i, j), len(m.Data)):] // behind the end lies only what has no elements
	return &Matrix[T]{Data: data, Rows: rows, Cols: cols, Stride: m.Stride, Transposed: m.Transposed}
}

// at returns the place of element [i, j] in the slice.
func (m *Matrix[T]) at(i, j int) int {
	if m.Transposed {
		return j*m.Stride + i
	}
	return i*m.Stride + j
}

// check panics unless the slice holds the matrix; op and name are for the message.
func (m *Matrix[T]) check(op, name string) {
	rows, cols := m.Rows, m.Cols
	if m.Transposed {
		rows, cols = cols, rows
	}
	if rows < 0 || cols < 0 || m.Stride < cols {
		panic(fmt.Sprintf("asm: %s: %s is [%d, %d] with %d elements from row to row, want no size below 0 and at least %d elements",
			op, name, m.Rows, m.Cols, m.Stride, cols))
	}
	if rows > 0 && cols > 0 && len(m.Data) < (rows-1)*m.Stride+cols {
		panic(fmt.Sprintf("asm: %s: %s has %d elements, want at least %d for [%d, %d] with %d from row to row",
			op, name, len(m.Data), (rows-1)*m.Stride+cols, m.Rows, m.Cols, m.Stride))
	}
}

// checkResult is check for a matrix of a given size that is written, which must not be transposed.
func (m *Matrix[T]) checkResult(op, name string, rows, cols int) {
	if m.Transposed || m.Rows != rows || m.Cols != cols {
		panic(fmt.Sprintf("asm: %s: %s is [%d, %d], transposed: %v, want [%d, %d], not transposed", op, name, m.Rows, m.Cols, m.Transposed, rows, cols))
	}
	m.check(op, name)
}
