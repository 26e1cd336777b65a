package linalg

import "github.com/adagp/adagp/internal/parallel"

// side is the size of the squares in which matrices are transposed: one cache line. Rows a power of
// two apart share few places of the first-level cache; so a square is first read as a whole, then
// written.
const side = 8

type square [side][side]float64

// read fills the square from rows × cols elements at src.
func (s *square) read(src []float64, ld, rows, cols int) {
	for i := range rows {
		copy(s[i][:cols], src[i*ld:])
	}
}

// writeT writes cols × rows elements to dst, transposed.
func (s *square) writeT(dst []float64, ld, rows, cols int) {
	for j := range cols {
		row := dst[j*ld : j*ld+rows]
		for i := range row {
			row[i] = s[i&(side-1)][j&(side-1)]
		}
	}
}

// T returns a transposed copy.
func (m *Matrix) T() *Matrix {
	t := New(m.Cols, m.Rows)
	parallel.For((m.Rows+side-1)/side, grainFor(side*m.Cols), func(lo, hi int) {
		var s square
		for i := lo * side; i < min(hi*side, m.Rows); i += side {
			rows := min(side, m.Rows-i)
			for j := 0; j < m.Cols; j += side {
				cols := min(side, m.Cols-j)
				s.read(m.Data[i*m.Cols+j:], m.Cols, rows, cols)
				s.writeT(t.Data[j*t.Cols+i:], t.Cols, rows, cols)
			}
		}
	})
	return t
}

// mirrorLower copies the lower triangle of the square matrix m to the upper one.
func (m *Matrix) mirrorLower() { mirrorLower(m.Data, m.Rows, m.Cols) }

// mirrorLower does that for an n × n matrix of leading dimension ld.
func mirrorLower(a []float64, n, ld int) {
	parallel.For((n+side-1)/side, 32, func(lo, hi int) {
		var s square
		for i := lo * side; i < min(hi*side, n); i += side {
			rows := min(side, n-i)
			for j := 0; j < i; j += side {
				s.read(a[i*ld+j:], ld, rows, side)
				s.writeT(a[j*ld+i:], ld, rows, side)
			}
			for r := range rows {
				for c := range r {
					a[(i+c)*ld+i+r] = a[(i+r)*ld+i+c]
				}
			}
		}
	})
}
