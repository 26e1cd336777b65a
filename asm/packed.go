package asm

import (
	bin "encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// Format is how a stored weight is encoded, always little endian.
type Format uint8

// The formats.
const (
	Float32  Format = iota
	Float16         // IEEE 754 binary16
	BFloat16        // the upper half of a float32
)

// Size returns the bytes of a weight.
func (f Format) Size() int {
	if f == Float32 {
		return 4
	}
	return 2
}

func (f Format) decode(b []byte) float32 {
	switch f {
	case Float32:
		return math.Float32frombits(bin.LittleEndian.Uint32(b))
	case Float16:
		return f16ToF32(bin.LittleEndian.Uint16(b))
	}
	return math.Float32frombits(uint32(bin.LittleEndian.Uint16(b)) << 16)
}

// PackedColumns is what the rows of inputs and of bit masks are padded to a multiple of.
const PackedColumns = 64

// Widen converts the weights in src to float32.
func Widen(f Format, dst []float32, src []byte) {
	checkPacked("weights", len(src), len(dst)*f.Size())
	for i := range dst {
		dst[i] = f.decode(src[i*f.Size():])
	}
}

func checkPacked(what string, got, want int) {
	if got < want {
		panic(fmt.Sprintf("asm: packed product: %s has length %d, want at least %d", what, got, want))
	}
}

func checkVectors(rows, k, n, lenX, ldx, lenY, ldy int) {
	if rows < 0 || k < 0 || n < 0 || ldx < roundUp(k, PackedColumns) || ldy < rows {
		panic(fmt.Sprintf("asm: packed product: %d rows, %d columns, %d vectors, leading dimensions %d and %d", rows, k, n, ldx, ldy))
	}
	if n > 0 {
		checkPacked("x", lenX, (n-1)*ldx+roundUp(k, PackedColumns))
		checkPacked("y", lenY, (n-1)*ldy+rows)
	}
}

// PlainRows multiplies the rows of weights w [rows, k] by n vectors:
//
//	y[t·ldy+i] = Σ w[i,p]·x[t·ldx+p], p < k, for i < rows, t < n
//
// The vectors are padded with zeros to a multiple of [PackedColumns]. A sum does not depend on
// rows and n.
func PlainRows(f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	checkVectors(rows, k, n, len(x), ldx, len(y), ldy)
	checkPacked("w", len(w), rows*k*f.Size())
	for i := range rows {
		for t := range n {
			sum := float32(0)
			for p := range k {
				sum += f.decode(w[(i*k+p)*f.Size():]) * x[t*ldx+p]
			}
			y[t*ldy+i] = sum
		}
	}
}

// BitmaskRows is [PlainRows] for rows of which only the weights are stored whose bit in mask
// [rows, roundUp(k, PackedColumns)/8] is set, count of them. values may go on after these.
func BitmaskRows(f Format, rows, k int, mask, values []byte, count, n int, x []float32, ldx int, y []float32, ldy int) {
	checkVectors(rows, k, n, len(x), ldx, len(y), ldy)
	stride := roundUp(k, PackedColumns) / 8
	checkPacked("mask", len(mask), rows*stride)
	checkPacked("values", len(values), count*f.Size())
	values = values[:count*f.Size()]
	for i := range rows {
		for t := range n {
			y[t*ldy+i] = 0
		}
		for j := 0; j < stride; j += 8 {
			for word := bin.LittleEndian.Uint64(mask[i*stride+j:]); word != 0; word &= word - 1 {
				p, v := 8*j+bits.TrailingZeros64(word), f.decode(values)
				values = values[f.Size():]
				for t := range n {
					y[t*ldy+i] += v * x[t*ldx+p]
				}
			}
		}
	}
}

// BitmaskWiden writes the weights of such rows to dst [rows, k].
func BitmaskWiden(f Format, rows, k int, mask, values []byte, count int, dst []float32) {
	stride := roundUp(k, PackedColumns) / 8
	checkPacked("mask", len(mask), rows*stride)
	checkPacked("values", len(values), count*f.Size())
	checkPacked("dst", len(dst), rows*k)
	clear(dst[:rows*k])
	for i := range rows {
		for j := 0; j < stride; j += 8 {
			for word := bin.LittleEndian.Uint64(mask[i*stride+j:]); word != 0; word &= word - 1 {
				dst[i*k+8*j+bits.TrailingZeros64(word)] = f.decode(values)
				values = values[f.Size():]
			}
		}
	}
}

// SemiRows is [PlainRows] for rows with two weights stored of every four: values [rows, k/2], and
// their places in indices [rows, roundUp(k, 8)/8], four bits per group, see package
// tensor/packed. k is a multiple of four.
func SemiRows(f Format, rows, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	checkVectors(rows, k, n, len(x), ldx, len(y), ldy)
	stride := roundUp(k, 8) / 8
	checkPacked("indices", len(indices), rows*stride)
	checkPacked("values", len(values), rows*k/2*f.Size())
	for i := range rows {
		for t := range n {
			sum := float32(0)
			for q := range k / 2 {
				p := q/2*4 + int(indices[i*stride+q/4]>>(q%4*2)&3)
				sum += f.decode(values[(i*k/2+q)*f.Size():]) * x[t*ldx+p]
			}
			y[t*ldy+i] = sum
		}
	}
}

// SemiWiden writes the weights of such rows to dst [rows, k].
func SemiWiden(f Format, rows, k int, indices, values []byte, dst []float32) {
	stride := roundUp(k, 8) / 8
	checkPacked("indices", len(indices), rows*stride)
	checkPacked("values", len(values), rows*k/2*f.Size())
	checkPacked("dst", len(dst), rows*k)
	clear(dst[:rows*k])
	for i := range rows {
		for q := range k / 2 {
			dst[i*k+q/2*4+int(indices[i*stride+q/4]>>(q%4*2)&3)] = f.decode(values[(i*k/2+q)*f.Size():])
		}
	}
}
