package asm

import (
	bin "encoding/binary"
	"math"
	"math/bits"
)

func (f Format) decode(b []byte) float32 {
	switch f {
	case Float32:
		return math.Float32frombits(bin.LittleEndian.Uint32(b))
	case Float16:
		return f16ToF32(bin.LittleEndian.Uint16(b))
	}
	return math.Float32frombits(uint32(bin.LittleEndian.Uint16(b)) << 16)
}

// The conversions of products keep compilers from fusing them, which some machines would and others
// not.

func plainRowsGeneric(f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	for i := range rows {
		for t := range n {
			y[t*ldy+i] = 0
		}
		plainColumns(f, i, 0, k, w, n, x, ldx, y, ldy)
	}
}

// plainColumns adds the products with the columns from p on to row i.
func plainColumns(f Format, i, p, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	size := f.Size()
	for ; p < k; p++ {
		v := f.decode(w[(i*k+p)*size:])
		for t := range n {
			y[t*ldy+i] += float32(v * x[t*ldx+p])
		}
	}
}

func bitmaskRowsGeneric(f Format, rows, k int, mask, values, offsets []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	size, stride := f.Size(), maskStride(k)
	values = values[offset(offsets, 0)*size : offset(offsets, rows)*size]
	for i := range rows {
		for t := range n {
			y[t*ldy+i] = 0
		}
		for j := 0; j < stride; j += 8 {
			for word := bin.LittleEndian.Uint64(mask[i*stride+j:]); word != 0; word &= word - 1 {
				p, v := 8*j+bits.TrailingZeros64(word), f.decode(values)
				values = values[size:]
				for t := range n {
					y[t*ldy+i] += float32(v * x[t*ldx+p])
				}
			}
		}
	}
}

func semiRowsGeneric(f Format, rows, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	for i := range rows {
		for t := range n {
			y[t*ldy+i] = 0
		}
		semiColumns(f, i, 0, k, indices, values, n, x, ldx, y, ldy)
	}
}

// semiColumns adds the products with the columns from p, a multiple of four, on to row i.
func semiColumns(f Format, i, p, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	size := f.Size()
	indices = indices[i*semiStride(k):]
	for q := p / 2; q < k/2; q++ {
		column := q/2*4 + int(indices[q/4]>>(q%4*2)&3)
		v := f.decode(values[(i*k/2+q)*size:])
		for t := range n {
			y[t*ldy+i] += float32(v * x[t*ldx+column])
		}
	}
}

func widenGeneric(f Format, dst []float32, src []byte) {
	size := f.Size()
	for i := range dst {
		dst[i] = f.decode(src[i*size:])
	}
}

func bitmaskWidenGeneric(f Format, rows, k int, mask, values, offsets []byte, dst []float32) {
	size, stride := f.Size(), maskStride(k)
	clear(dst[:rows*k])
	values = values[offset(offsets, 0)*size:]
	for i := range rows {
		row := dst[i*k : (i+1)*k]
		for j := 0; j < stride; j += 8 {
			for word := bin.LittleEndian.Uint64(mask[i*stride+j:]); word != 0; word &= word - 1 {
				row[8*j+bits.TrailingZeros64(word)] = f.decode(values)
				values = values[size:]
			}
		}
	}
}

func rowDotsGeneric(rows, k int, w, x, y []float32) {
	for i := range rows {
		y[i] = dotGeneric(w[i*k:(i+1)*k], x[:k])
	}
}
