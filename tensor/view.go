package tensor

// View returns the same elements under another shape; storage is shared. One
// dimension may be [AnyDim], it is then worked out from the others.
func (t *Tensor) View(shape ...int) *Tensor {
	s := append([]int(nil), shape...)
	open := -1
	for i, d := range s {
		if d == AnyDim {
			if open >= 0 {
				panic(&ShapeError{Op: "View", Got: shape, Want: t.Shape(), Msg: "more than one open dimension"})
			}
			open = i
		}
	}
	if open >= 0 {
		s[open] = 1
		rest := volume("View", s)
		if rest == 0 || len(t.data)%rest != 0 {
			panic(&ShapeError{Op: "View", Got: append([]int(nil), shape...), Want: t.Shape(), Msg: "element counts differ"})
		}
		s[open] = len(t.data) / rest
	}
	if volume("View", s) != len(t.data) {
		panic(&ShapeError{Op: "View", Got: s, Want: t.Shape(), Msg: "element counts differ"})
	}
	return &Tensor{shape: s, data: t.data}
}

// Rows returns the part of t with first index in [lo, hi); storage is shared.
// For a matrix [n, c] it is the matrix of its rows lo to hi-1.
func (t *Tensor) Rows(lo, hi int) *Tensor {
	if len(t.shape) == 0 || lo < 0 || hi < lo || hi > t.shape[0] {
		panic(&ShapeError{Op: "Rows", Got: []int{lo, hi}, Msg: "range of rows of shape " + shapeString(t.shape)})
	}
	shape := t.Shape()
	shape[0] = hi - lo
	size := t.rowSize()
	return &Tensor{shape: shape, data: t.data[lo*size : hi*size : hi*size]}
}

// Row returns the elements with first index i; storage is shared. For a matrix
// it is row i, for higher ranks a whole slab.
func (t *Tensor) Row(i int) []float32 {
	if len(t.shape) == 0 || i < 0 || i >= t.shape[0] {
		panic(&ShapeError{Op: "Row", Got: []int{i}, Msg: "row of shape " + shapeString(t.shape)})
	}
	size := t.rowSize()
	return t.data[i*size : (i+1)*size : (i+1)*size]
}

// rowSize is the number of elements that share a first index.
func (t *Tensor) rowSize() int {
	n := 1
	for _, d := range t.shape[1:] {
		n *= d
	}
	return n
}
