package asm

import (
	bin "encoding/binary"
	"fmt"
)

// Format is how a stored weight is encoded, always little endian.
type Format uint8

// The formats.
const (
	Float32  Format = iota
	Float16         // IEEE 754 binary16
	BFloat16        // the upper half of a float32
	formats         // how many there are
)

// Size returns the bytes of a weight.
func (f Format) Size() int {
	if f == Float32 {
		return 4
	}
	return 2
}

// PackedColumns is what the rows of inputs and of bit masks are padded to a multiple of.
const PackedColumns = 64

// maskStride and semiStride return the bytes per row of a mask, and of the places of 2:4 weights.
func maskStride(k int) int { return roundUp(k, PackedColumns) / 8 }
func semiStride(k int) int { return roundUp(k, 8) / 8 }

// PlainRows multiplies the rows of weights w [rows, k] by n vectors:
//
//	y[t·ldy+i] = Σ w[i,p]·x[t·ldx+p], p < k, for i < rows, t < n
//
// What w holds may begin anywhere in memory. The order of a sum depends on k alone: rows and vectors
// may be split over calls.
func PlainRows(f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	checkVectors(f, rows, k, k, n, len(x), ldx, len(y), ldy)
	checkStored("w", len(w), rows*k*f.Size())
	if rows > 0 && n > 0 {
		current.Load().plainRows(f, rows, k, w, n, x, ldx, y, ldy)
	}
}

// BitmaskRows is [PlainRows] with vectors that are padded with zeros to a multiple of [PackedColumns],
// and rows of which only those weights are stored whose bit is set in mask [rows, k/8], which is
// padded to [PackedColumns] bits with zeros. The weights of row i are those in values from number
// offsets[i] to offsets[i+1]-1; these [rows+1] are uint64, little endian, and fit the mask. Weights
// that are not stored count as zero or as absent, which shows where an input is not finite.
func BitmaskRows(f Format, rows, k int, mask, values, offsets []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	checkVectors(f, rows, k, roundUp(k, PackedColumns), n, len(x), ldx, len(y), ldy)
	checkStored("mask", len(mask), rows*maskStride(k))
	checkStored("offsets", len(offsets), 8*(rows+1))
	checkStored("values", len(values), offset(offsets, rows)*f.Size())
	if rows > 0 && n > 0 {
		current.Load().bitmaskRows(f, rows, k, mask, values, offsets, n, x, ldx, y, ldy)
	}
}

// SemiRows is [PlainRows] with vectors that are padded with zeros to a multiple of [PackedColumns],
// and rows with two weights stored of every four columns; k is a multiple of four. values is [rows, k/2]; indices [rows, k/8], rounded up to bytes, has four bits per group: the
// place of the first in the lower two, that of the second in the upper two.
func SemiRows(f Format, rows, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	checkVectors(f, rows, k, roundUp(k, PackedColumns), n, len(x), ldx, len(y), ldy)
	checkStored("indices", len(indices), rows*semiStride(k))
	checkStored("values", len(values), rows*k/2*f.Size())
	if rows > 0 && n > 0 {
		current.Load().semiRows(f, rows, k, indices, values, n, x, ldx, y, ldy)
	}
}

// offset returns number i of a list of uint64.
func offset(offsets []byte, i int) int { return int(bin.LittleEndian.Uint64(offsets[8*i:])) }

func checkStored(what string, got, want int) {
	if got < want {
		panic(fmt.Sprintf("asm: product with stored weights: %s has length %d, want at least %d", what, got, want))
	}
}

func checkVectors(f Format, rows, k, width, n, lenX, ldx, lenY, ldy int) {
	if f >= formats || rows < 0 || k < 0 || n < 0 || ldx < width || ldy < rows {
		panic(fmt.Sprintf("asm: product with stored weights: format %d, %d rows, %d columns, %d vectors, leading dimensions %d and %d", f, rows, k, n, ldx, ldy))
	}
	if n > 0 && rows > 0 {
		checkStored("x", lenX, (n-1)*ldx+width)
		checkStored("y", lenY, (n-1)*ldy+rows)
	}
}

// Widen converts stored weights to float32.
func Widen(f Format, dst []float32, src []byte) {
	checkStored("src", len(src), len(dst)*f.Size())
	if len(dst) > 0 {
		current.Load().widen(f, dst, src)
	}
}

// BitmaskWiden writes the weights of rows as those of [BitmaskRows] to dst [rows, k], with all their
// zeros.
func BitmaskWiden(f Format, rows, k int, mask, values, offsets []byte, dst []float32) {
	checkStored("mask", len(mask), rows*maskStride(k))
	checkStored("offsets", len(offsets), 8*(rows+1))
	checkStored("values", len(values), offset(offsets, rows)*f.Size())
	checkStored("dst", len(dst), rows*k)
	if rows > 0 && k > 0 {
		current.Load().bitmaskWiden(f, rows, k, mask, values, offsets, dst)
	}
}

// RowDots multiplies a matrix w [rows, k] by a vector:
//
//	y[i] = Σ w[i·k+p]·x[p], p < k, for i < rows
//
// It reads w as fast as memory delivers it. The order of a sum depends on k alone and is not that
// of [Gemm].
func RowDots(rows, k int, w, x, y []float32) {
	if rows < 0 || k < 0 || len(w) < rows*k || len(x) < k || len(y) < rows {
		panic(fmt.Sprintf("asm: row dots: %d rows and %d columns with slices of %d, %d and %d", rows, k, len(w), len(x), len(y)))
	}
	if rows > 0 {
		current.Load().rowDots(rows, k, w, x, y)
	}
}
