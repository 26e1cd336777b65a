//go:build (amd64 || arm64) && !purego

package asm

import (
	bin "encoding/binary"
	"math/bits"
	"unsafe"
)

// storedLanes is how many vectors the wider kernels take at once.
const storedLanes = 4

// storedBlock is how many bytes of weights are multiplied by all vectors, group after group, while
// they are in the first-level cache.
const storedBlock = 24 << 10

type (
	plainKernel  = func(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)
	sparseKernel = func(rows, k int, positions, values *byte, x *float32, ldx int, y *float32, ldy int)
)

// plainKernels multiply rows by one vector, four times as many by one, and rows by four vectors. They
// leave out the last k%columns columns, if columns is not 0.
type plainKernels struct {
	one      plainKernel
	quarters func(rows, k int, w *byte, x *float32, y *float32)
	four     plainKernel
	columns  int
}

// semiKernels are the same for 2:4 weights.
type semiKernels struct {
	one, four sparseKernel
	columns   int
}

// bitmaskKernels are the same for weights under a bit mask. They read vectors of weights that are
// reach bytes long, wherever the last weight is, and may want the inputs sorted by unzip. Of the
// pairs, the narrow ones do the same faster where the share of weights that are stored is below
// narrowBelow.
type bitmaskKernels struct {
	one, four          sparseKernel
	pairs, narrowPairs func(rows, k int, mask, values, upper *byte, x *float32, y *float32)
	narrowBelow        float64
	widen              func(blocks int, mask, values *byte, dst *float32) // a row
	reach              int
	unzip              func(dst, src *float32, n int)
}

// storedWith returns the kernels of a level.
func storedWith(plain [formats]plainKernels, bitmask [formats]bitmaskKernels, semi [formats]semiKernels, panels panelKernels) storedKernels {
	return storedKernels{
		rowDots:      rowDotsWith(plain[Float32]),
		plainRows:    plainRowsWith(plain),
		bitmaskRows:  bitmaskRowsWith(bitmask),
		bitmaskWiden: bitmaskWidenWith(bitmask),
		semiRows:     semiRowsWith(semi),
		panels:       &panels,
	}
}

// blockRows returns how many rows of that size to take at once.
func blockRows(rows, n, rowBytes int) int {
	if n == 1 || n == storedLanes {
		return rows
	}
	return max(1, min(rows, storedBlock/max(1, rowBytes)))
}

func plainRowsWith(kernels [formats]plainKernels) func(w PlainWeights, x, y Matrix[float32]) {
	return func(w PlainWeights, x, y Matrix[float32]) {
		g, rows, k := &kernels[w.Format], w.Rows, w.Cols
		if k == 0 || k < g.columns {
			plainRowsGeneric(w, x, y)
			return
		}
		rowBytes := k * w.Format.Size()
		if x.Rows == 1 {
			whole := rows - rows%4
			g.quarters(whole/4, k, &w.Data[0], &x.Data[0], &y.Data[0])
			if whole < rows {
				g.one(rows-whole, k, &w.Data[whole*rowBytes], &x.Data[0], x.Stride, &y.Data[whole], y.Stride)
			}
			plainRest(g, &w, &x, &y)
			return
		}
		block := blockRows(rows, x.Rows, rowBytes)
		for i := 0; i < rows; i += block {
			count, from := min(block, rows-i), w.Data[i*rowBytes:]
			t := 0
			for ; t+storedLanes <= x.Rows; t += storedLanes {
				g.four(count, k, &from[0], &x.Data[t*x.Stride], x.Stride, &y.Data[t*y.Stride+i], y.Stride)
			}
			for ; t < x.Rows; t++ {
				g.one(count, k, &from[0], &x.Data[t*x.Stride], x.Stride, &y.Data[t*y.Stride+i], y.Stride)
			}
		}
		plainRest(g, &w, &x, &y)
	}
}

// plainRest adds the products with the columns that the kernels leave out.
func plainRest(g *plainKernels, w *PlainWeights, x, y *Matrix[float32]) {
	if g.columns != 0 && w.Cols%g.columns != 0 {
		for i := range w.Rows {
			plainColumns(w, i, w.Cols-w.Cols%g.columns, x, y)
		}
	}
}

// rowDotsWith is plainRowsWith for float32 in memory as it is in Go.
func rowDotsWith(g plainKernels) func(w Matrix[float32], x, y []float32) {
	return func(w Matrix[float32], x, y []float32) {
		rows, k := w.Rows, w.Cols
		if k == 0 || k < g.columns {
			rowDotsGeneric(w, x, y)
			return
		}
		bytes := func(i int) *byte { return (*byte)(unsafe.Pointer(&w.Data[i*k])) }
		whole := rows - rows%4
		g.quarters(whole/4, k, bytes(0), &x[0], &y[0])
		if whole < rows {
			g.one(rows-whole, k, bytes(whole), &x[0], k, &y[whole], 1)
		}
		if g.columns != 0 && k%g.columns != 0 {
			for i := range rows {
				for p := k - k%g.columns; p < k; p++ {
					y[i] += w.Data[i*k+p] * x[p]
				}
			}
		}
	}
}

func semiRowsWith(kernels [formats]semiKernels) func(w SemiWeights, x, y Matrix[float32]) {
	return func(w SemiWeights, x, y Matrix[float32]) {
		rows, k := w.Rows, w.Cols
		if k == 0 {
			semiRowsGeneric(w, x, y)
			return
		}
		g, stride, rowBytes := &kernels[w.Format], semiStride(k), k/2*w.Format.Size()
		block := blockRows(rows, x.Rows, stride+rowBytes)
		for i := 0; i < rows; i += block {
			count, places, from := min(block, rows-i), w.Indices[i*stride:], w.Values[i*rowBytes:]
			t := 0
			for ; t+storedLanes <= x.Rows; t += storedLanes {
				g.four(count, k, &places[0], &from[0], &x.Data[t*x.Stride], x.Stride, &y.Data[t*y.Stride+i], y.Stride)
			}
			for ; t < x.Rows; t++ {
				g.one(count, k, &places[0], &from[0], &x.Data[t*x.Stride], x.Stride, &y.Data[t*y.Stride+i], y.Stride)
			}
		}
		if g.columns != 0 && k%g.columns != 0 {
			for i := range rows {
				semiColumns(&w, i, k-k%g.columns, &x, &y)
			}
		}
	}
}

func bitmaskRowsWith(kernels [formats]bitmaskKernels) func(w BitmaskWeights, x, y Matrix[float32]) {
	return func(w BitmaskWeights, x, y Matrix[float32]) {
		if w.Cols == 0 {
			bitmaskRowsGeneric(w, x, y)
			return
		}
		g, size := &kernels[w.Format], w.Format.Size()
		if g.unzip != nil {
			buf := buffers32.get(x.Rows*x.Cols, 0, 0)
			defer buffers32.put(buf)
			for t := range x.Rows {
				g.unzip(&buf.a[t*x.Cols], &x.Data[t*x.Stride], x.Cols)
			}
			x.Data, x.Stride = buf.a, x.Cols
		}
		b := bitmaskProduct{g: g, w: w, x: x, y: y}
		b.narrow = float64(w.offset(w.Rows)-w.offset(0)) < g.narrowBelow*float64(w.Rows*w.Cols)
		// The last rows, behind whose weights a vector may stick out of the slice, are multiplied from
		// a copy.
		safe := w.Rows
		for safe > 0 && len(w.Values)-w.offset(safe)*size < g.reach {
			safe--
		}
		b.rows(0, safe)
		if safe < w.Rows {
			first := w.offset(safe) * size
			tail := w.Values[first : w.offset(w.Rows)*size]
			buf := buffers32.get((len(tail)+g.reach)/4+1, 0, 0)
			defer buffers32.put(buf)
			b.w.Values, b.first = bytesOf(buf.a), first
			copy(b.w.Values, tail)
			b.rows(safe, w.Rows)
		}
	}
}

// bitmaskProduct is a product that is going on.
type bitmaskProduct struct {
	g      *bitmaskKernels
	w      BitmaskWeights
	x, y   Matrix[float32]
	first  int // where w.Values begins, in bytes from the first weight
	narrow bool
}

// rows multiplies the rows from lo to hi-1.
func (b *bitmaskProduct) rows(lo, hi int) {
	if lo == hi {
		return
	}
	stored := (b.w.offset(hi)-b.w.offset(lo))*b.w.Format.Size() + (hi-lo)*maskStride(b.w.Cols)
	block := blockRows(hi-lo, b.x.Rows, stored/(hi-lo))
	for i := lo; i < hi; i += block {
		rows, t := min(block, hi-i), 0
		for ; t+storedLanes <= b.x.Rows; t += storedLanes {
			b.g.four(rows, b.w.Cols, b.maskAt(i), b.valuesAt(i), &b.x.Data[t*b.x.Stride], b.x.Stride, &b.y.Data[t*b.y.Stride+i], b.y.Stride)
		}
		for ; t < b.x.Rows; t++ {
			b.single(i, rows, b.x.Data[t*b.x.Stride:], b.y.Data[t*b.y.Stride:])
		}
	}
}

// single multiplies that many rows from i on by one vector.
func (b *bitmaskProduct) single(i, rows int, x, y []float32) {
	half := rows / 2
	if half > 0 {
		pairs := b.g.pairs
		if b.narrow {
			pairs = b.g.narrowPairs
		}
		pairs(half, b.w.Cols, b.maskAt(i), b.valuesAt(i), b.valuesAt(i+half), &x[0], &y[i])
	}
	if rows%2 == 1 {
		i += rows - 1
		b.g.one(1, b.w.Cols, b.maskAt(i), b.valuesAt(i), &x[0], 0, &y[i], 0)
	}
}

func (b *bitmaskProduct) maskAt(i int) *byte { return &b.w.Mask[i*maskStride(b.w.Cols)] }

func (b *bitmaskProduct) valuesAt(i int) *byte {
	return &b.w.Values[b.w.offset(i)*b.w.Format.Size()-b.first]
}

func bitmaskWidenWith(kernels [formats]bitmaskKernels) func(w BitmaskWeights, dst []float32) {
	return func(w BitmaskWeights, dst []float32) {
		g, size, k, stride := &kernels[w.Format], w.Format.Size(), w.Cols, maskStride(w.Cols)
		for i := range w.Rows {
			row, from, to := dst[i*k:(i+1)*k], w.offset(i), w.offset(i+1)
			if from == to || len(w.Values)-to*size < g.reach {
				w.widenRow(i, row)
				continue
			}
			part := w.Mask[i*stride : (i+1)*stride]
			if blocks := k / PackedColumns; blocks > 0 {
				g.widen(blocks, &part[0], &w.Values[from*size], &row[0])
			}
			if k%PackedColumns != 0 {
				at := stride - PackedColumns/8
				var last [PackedColumns]float32
				g.widen(1, &part[at], &w.Values[(from+countBits(part[:at]))*size], &last[0])
				copy(row[8*at:], last[:])
			}
		}
	}
}

func countBits(mask []byte) (n int) {
	for ; len(mask) >= 8; mask = mask[8:] {
		n += bits.OnesCount64(bin.LittleEndian.Uint64(mask))
	}
	return n
}
