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

// flipLower makes the lower triangle of the symmetric matrix m, of which only that is given, the one of
// J·m·J, where J reverses the order of rows: element [i, j] changes places with [n-1-j, n-1-i].
func (m *Matrix) flipLower() {
	a, n := m.Data, m.Rows
	parallel.For((n+side-1)/side, 32, func(lo, hi int) {
		var s square
		for i := lo * side; i < min(hi*side, n); i += side {
			rows := min(side, n-i)
			for j := 0; j <= i && i+j < n-1; j += side {
				// The square at [i, j], or what of it lies below the diagonal and left of the other
				// one, changes places row by row with the one at [n-1-j, n-1-i].
				whole := j < i && i+rows+j+side <= n
				if !whole {
					for r := i; r < i+rows; r++ {
						for c := j; c < min(j+side, r+1, n-1-r); c++ {
							p, q := r*n+c, (n-1-c)*n+n-1-r
							a[p], a[q] = a[q], a[p]
						}
					}
					continue
				}
				s.read(a[i*n+j:], n, rows, side)
				for c := range side {
					row := a[(n-1-j-c)*n+n-i-rows:][:rows]
					for r := range row {
						from := &s[(rows-1-r)&(side-1)][c]
						*from, row[r] = row[r], *from
					}
				}
				for r := range rows {
					copy(a[(i+r)*n+j:(i+r)*n+j+side], s[r][:])
				}
			}
		}
	})
}

// reverseLower replaces m by J·l·J, where l is its lower triangle with zeros above: an upper triangle.
func (m *Matrix) reverseLower() {
	n := m.Rows
	parallel.For((n+1)/2, grainFor(n), func(lo, hi int) {
		spare := make([]float64, n)
		for i := lo; i < hi; i++ {
			upper, lower := m.Row(i), m.Row(n-1-i)
			short := spare[:copy(spare[:i+1], upper)]
			reverseInto(upper[i:], lower[:n-i])
			reverseInto(lower[n-1-i:], short)
			clear(upper[:i])
			clear(lower[:n-1-i])
		}
	})
}

// reverseInto copies src to dst, of the same length, backwards.
func reverseInto(dst, src []float64) {
	last := len(src) - 1
	dst = dst[:len(src)]
	for i, v := range src {
		dst[last-i] = v
	}
}
