package asm

import "fmt"

// GramRows sets rows first ≤ i < last of C = XᵀX, as far as they lie on or below
// the diagonal, or adds to them, for X [k, n]; C [n, n] is the whole matrix. In
// the same rows, elements above the diagonal up to column last−1 come out
// arbitrary; [MirrorLower] sets them.
//
// Elements have the bits that [Gemm] gives them.
func GramRows(first, last int, x *Matrix[float32], accumulate bool, c *Matrix[float32]) {
	if first < 0 || last < first || last > x.Cols || x.Transposed {
		panic(fmt.Sprintf("asm: gram: rows %d to %d of X [%d, %d], transposed: %v", first, last, x.Rows, x.Cols, x.Transposed))
	}
	x.check("gram", "X")
	c.checkResult("gram", "C", x.Cols, x.Cols)
	if first == last {
		return
	}
	rows := MatrixOf(c.Data[first*c.Stride:], last-first, last, c.Stride)
	if x.Rows == 0 {
		if !accumulate {
			scaleMatrix(0, rows)
		}
		return
	}
	p := product[float32]{gemmKernels: &current.Load().gemm32, alpha: 1,
		a: *MatrixOf(x.Data[first:], x.Rows, last-first, x.Stride).T(), b: *MatrixOf(x.Data, x.Rows, last, x.Stride), c: *rows,
		accumulate: accumulate, diagonal: first}
	p.compute(&buffers32)
}

// MirrorLower copies what lies below the diagonal of C [n, n] to the other side,
// for columns first ≤ j < last of the upper triangle.
func MirrorLower(first, last int, c *Matrix[float32]) {
	if first < 0 || last < first || last > c.Cols {
		panic(fmt.Sprintf("asm: mirror: columns %d to %d of C [%d, %d]", first, last, c.Rows, c.Cols))
	}
	c.checkResult("mirror", "C", c.Cols, c.Cols)
	// Squares of this size stay in the first-level cache on both sides.
	const square = 32
	for i := first; i < last; {
		end := min(i/square*square+square, last)
		for j := 0; j < i; j += square {
			width := min(square, i-j)
			Transpose(MatrixOf(c.Data[c.at(j, i):], width, end-i, c.Stride), MatrixOf(c.Data[c.at(i, j):], end-i, width, c.Stride))
		}
		for r := i; r < end; r++ {
			for s := i; s < r; s++ {
				c.Data[c.at(s, r)] = c.Data[c.at(r, s)]
			}
		}
		i = end
	}
}

// Transpose sets dst [n, m] to the transpose of src [m, n]. They must not overlap.
func Transpose(dst, src *Matrix[float32]) {
	if src.Transposed {
		panic("asm: transpose: the source is transposed already")
	}
	src.check("transpose", "the source")
	dst.checkResult("transpose", "the destination", src.Cols, src.Rows)
	if src.Rows > 0 && src.Cols > 0 {
		current.Load().gemm32.transpose(src.Rows, src.Cols, dst.Data, dst.Stride, src.Data, src.Stride)
	}
}

func transposeGeneric[T Float](rows, cols int, dst []T, ldDst int, src []T, ldSrc int) {
	// Small squares stay in the first-level cache on both sides.
	const square = 16
	for i := 0; i < rows; i += square {
		for j := 0; j < cols; j += square {
			for p := i; p < min(i+square, rows); p++ {
				for q, v := range src[p*ldSrc+j : p*ldSrc+min(j+square, cols)] {
					dst[(j+q)*ldDst+p] = v
				}
			}
		}
	}
}
