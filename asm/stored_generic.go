package asm

import (
	bin "encoding/binary"
	"math"
	"math/bits"
)

var storedGeneric = storedKernels{
	rowDots:      rowDotsGeneric,
	plainRows:    plainRowsGeneric,
	bitmaskRows:  bitmaskRowsGeneric,
	bitmaskWiden: bitmaskWidenGeneric,
	semiRows:     semiRowsGeneric,
}

func (f Format) decode(b []byte) float32 {
	switch f {
	case Float32:
		return math.Float32frombits(bin.LittleEndian.Uint32(b))
	case Float16:
		return f16ToF32(bin.LittleEndian.Uint16(b))
	}
	return bf16ToF32(bin.LittleEndian.Uint16(b))
}

// The conversions of products keep compilers from fusing them, which some machines would and others
// not.

// clearColumn sets row i of the products with all vectors to zero.
func clearColumn(y *Matrix[float32], i int) {
	for t := range y.Rows {
		y.Data[t*y.Stride+i] = 0
	}
}

// addTimes adds weight v of row i, times column p of the vectors.
func addTimes(y *Matrix[float32], i int, v float32, x *Matrix[float32], p int) {
	for t := range y.Rows {
		y.Data[t*y.Stride+i] += float32(v * x.Data[t*x.Stride+p])
	}
}

func plainRowsGeneric(w PlainWeights, x, y Matrix[float32]) {
	for i := range w.Rows {
		clearColumn(&y, i)
		plainColumns(&w, i, 0, &x, &y)
	}
}

// plainColumns adds the products with the columns from p on to row i.
func plainColumns(w *PlainWeights, i, p int, x, y *Matrix[float32]) {
	size := w.Format.Size()
	for ; p < w.Cols; p++ {
		addTimes(y, i, w.Format.decode(w.Data[(i*w.Cols+p)*size:]), x, p)
	}
}

func bitmaskRowsGeneric(w BitmaskWeights, x, y Matrix[float32]) {
	size, stride := w.Format.Size(), maskStride(w.Cols)
	values := w.Values[w.offset(0)*size : w.offset(w.Rows)*size]
	for i := range w.Rows {
		clearColumn(&y, i)
		for j := 0; j < stride; j += 8 {
			for word := bin.LittleEndian.Uint64(w.Mask[i*stride+j:]); word != 0; word &= word - 1 {
				addTimes(&y, i, w.Format.decode(values), &x, 8*j+bits.TrailingZeros64(word))
				values = values[size:]
			}
		}
	}
}

func semiRowsGeneric(w SemiWeights, x, y Matrix[float32]) {
	for i := range w.Rows {
		clearColumn(&y, i)
		semiColumns(&w, i, 0, &x, &y)
	}
}

// semiColumns adds the products with the columns from p, a multiple of four, on to row i.
func semiColumns(w *SemiWeights, i, p int, x, y *Matrix[float32]) {
	size, half := w.Format.Size(), w.Cols/2
	indices := w.Indices[i*semiStride(w.Cols):]
	for q := p / 2; q < half; q++ {
		column := q/2*4 + int(indices[q/4]>>(q%4*2)&3)
		addTimes(y, i, w.Format.decode(w.Values[(i*half+q)*size:]), x, column)
	}
}

func bitmaskWidenGeneric(w BitmaskWeights, dst []float32) {
	for i := range w.Rows {
		w.widenRow(i, dst[i*w.Cols:(i+1)*w.Cols])
	}
}

// widenRow writes row i, with all its zeros.
func (w *BitmaskWeights) widenRow(i int, row []float32) {
	clear(row)
	size, stride := w.Format.Size(), maskStride(w.Cols)
	values := w.Values[w.offset(i)*size:]
	for j := 0; j < stride; j += 8 {
		for word := bin.LittleEndian.Uint64(w.Mask[i*stride+j:]); word != 0; word &= word - 1 {
			row[8*j+bits.TrailingZeros64(word)] = w.Format.decode(values)
			values = values[size:]
		}
	}
}

func rowDotsGeneric(w Matrix[float32], x, y []float32) {
	for i := range w.Rows {
		y[i] = dotGeneric(w.Data[i*w.Cols:(i+1)*w.Cols], x[:w.Cols])
	}
}
