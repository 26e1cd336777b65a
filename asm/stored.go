package asm

import (
	bin "encoding/binary"
	"fmt"
)

// storedKernels are products with weights as they are stored. The vectors are the rows of x; y [x.Rows, w.Rows].
type storedKernels struct {
	rowDots      func(w Matrix[float32], x, y []float32)
	plainRows    func(w PlainWeights, x, y Matrix[float32])
	bitmaskRows  func(w BitmaskWeights, x, y Matrix[float32])
	bitmaskWiden func(w BitmaskWeights, dst []float32)
	semiRows     func(w SemiWeights, x, y Matrix[float32])
	panels       *panelKernels // nil: there are none
}

// PackedColumns is what the rows of inputs and of bit masks are padded to a multiple of.
const PackedColumns = 64

// PlainWeights are all weights [Rows, Cols], row by row. They may begin anywhere in memory.
type PlainWeights struct {
	Format     Format
	Rows, Cols int
	Data       []byte
}

// BitmaskWeights are those weights [Rows, Cols] whose bit is set in Mask [Rows, Cols/8], which is padded to
// [PackedColumns] bits with zeros. The weights of row i are those in Values from number Offsets[i] to Offsets[i+1]-1;
// these [Rows+1] are uint64, little endian, and fit the mask.
type BitmaskWeights struct {
	Format                Format
	Rows, Cols            int
	Mask, Values, Offsets []byte
}

// SemiWeights are two weights of every four columns; Cols is a multiple of four. Values is [Rows, Cols/2]; Indices
// [Rows, Cols/8], rounded up to bytes, has four bits per group: the place of the first in the lower two, that of the
// second in the upper two.
type SemiWeights struct {
	Format          Format
	Rows, Cols      int
	Indices, Values []byte
}

// maskStride and semiStride return the bytes per row of a mask, and of the places of 2:4 weights.
func maskStride(k int) int { return roundUp(k, PackedColumns) / 8 }
func semiStride(k int) int { return roundUp(k, 8) / 8 }

// PlainRows multiplies weights by n vectors: y [n, w.Rows] = x [n, w.Cols]·Wᵀ.
//
// The order of a sum depends on the number of columns alone: rows and vectors may be split over calls.
func PlainRows(w PlainWeights, x, y *Matrix[float32]) {
	checkVectors(w.Format, w.Rows, w.Cols, w.Cols, x, y)
	checkStored("the weights", len(w.Data), w.Rows*w.Cols*w.Format.Size())
	if w.Rows > 0 && x.Rows > 0 {
		current.Load().stored.plainRows(w, *x, *y)
	}
}

// BitmaskRows is [PlainRows] with vectors that are padded with zeros to a multiple of [PackedColumns]. Weights
// that are not stored count as zero or as absent, which shows where an input is not finite.
func BitmaskRows(w BitmaskWeights, x, y *Matrix[float32]) {
	checkVectors(w.Format, w.Rows, w.Cols, roundUp(w.Cols, PackedColumns), x, y)
	w.check()
	if w.Rows > 0 && x.Rows > 0 {
		current.Load().stored.bitmaskRows(w, *x, *y)
	}
}

// SemiRows is [PlainRows] with vectors that are padded with zeros to a multiple of [PackedColumns].
func SemiRows(w SemiWeights, x, y *Matrix[float32]) {
	checkVectors(w.Format, w.Rows, w.Cols, roundUp(w.Cols, PackedColumns), x, y)
	checkStored("the indices", len(w.Indices), w.Rows*semiStride(w.Cols))
	checkStored("the values", len(w.Values), w.Rows*w.Cols/2*w.Format.Size())
	if w.Rows > 0 && x.Rows > 0 {
		current.Load().stored.semiRows(w, *x, *y)
	}
}

// BitmaskWiden writes the weights to dst [w.Rows, w.Cols], with all their zeros.
func BitmaskWiden(w BitmaskWeights, dst []float32) {
	w.check()
	checkStored("the destination", len(dst), w.Rows*w.Cols)
	if w.Rows > 0 && w.Cols > 0 {
		current.Load().stored.bitmaskWiden(w, dst)
	}
}

// RowDots multiplies a matrix whose rows follow each other by a vector:
//
//	y[i] = Σ w[i, p]·x[p], p < w.Cols, for i < w.Rows
//
// It reads w as fast as memory delivers it. The order of a sum depends on the number of columns alone and is not that
// of [Gemm].
func RowDots(w *Matrix[float32], x, y []float32) {
	w.check("row dots", "the matrix")
	if w.Transposed || w.Stride != w.Cols || len(x) < w.Cols || len(y) < w.Rows {
		panic(fmt.Sprintf("asm: row dots: a matrix [%d, %d], transposed: %v, with %d elements from row to row, and slices of %d and %d",
			w.Rows, w.Cols, w.Transposed, w.Stride, len(x), len(y)))
	}
	if w.Rows > 0 {
		current.Load().stored.rowDots(*w, x, y)
	}
}

// offset returns number i of the offsets.
func (w *BitmaskWeights) offset(i int) int { return int(bin.LittleEndian.Uint64(w.Offsets[8*i:])) }

// check panics unless the slices are long enough.
func (w *BitmaskWeights) check() {
	if w.Format >= formats || w.Rows < 0 || w.Cols < 0 {
		panic(fmt.Sprintf("asm: stored weights of format %d, %d rows, %d columns", w.Format, w.Rows, w.Cols))
	}
	checkStored("the mask", len(w.Mask), w.Rows*maskStride(w.Cols))
	checkStored("the offsets", len(w.Offsets), 8*(w.Rows+1))
	checkStored("the values", len(w.Values), w.offset(w.Rows)*w.Format.Size())
}

func checkStored(what string, got, want int) {
	if got < want {
		panic(fmt.Sprintf("asm: product with stored weights: %s have length %d, want at least %d", what, got, want))
	}
}

// checkVectors panics unless x are vectors for weights [rows, cols], padded to width, and y has room for the results.
func checkVectors(f Format, rows, cols, width int, x, y *Matrix[float32]) {
	if f >= formats || rows < 0 || cols < 0 || x.Transposed || x.Cols != width {
		panic(fmt.Sprintf("asm: product with stored weights: format %d, %d rows, %d columns, vectors [%d, %d], transposed: %v, want [n, %d]",
			f, rows, cols, x.Rows, x.Cols, x.Transposed, width))
	}
	x.check("product with stored weights", "x")
	y.checkResult("product with stored weights", "y", x.Rows, rows)
}
