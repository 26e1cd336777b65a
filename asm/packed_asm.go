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

// blockRows returns how many rows of that size to take at once.
func blockRows(rows, n, rowBytes int) int {
	if n == 1 || n == storedLanes {
		return rows
	}
	return max(1, min(rows, storedBlock/max(1, rowBytes)))
}

func plainRowsWith(kernels [formats]plainKernels) func(f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	return func(f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
		if k == 0 {
			plainRowsGeneric(f, rows, k, w, n, x, ldx, y, ldy)
			return
		}
		g, rowBytes := &kernels[f], k*f.Size()
		if g.columns != 0 && k < g.columns {
			plainRowsGeneric(f, rows, k, w, n, x, ldx, y, ldy)
			return
		}
		if n == 1 {
			whole := rows - rows%4
			g.quarters(whole/4, k, &w[0], &x[0], &y[0])
			if whole < rows {
				g.one(rows-whole, k, &w[whole*rowBytes], &x[0], ldx, &y[whole], ldy)
			}
			rest(g, f, rows, k, w, n, x, ldx, y, ldy)
			return
		}
		block := blockRows(rows, n, rowBytes)
		for i := 0; i < rows; i += block {
			count, from := min(block, rows-i), w[i*rowBytes:]
			t := 0
			for ; t+storedLanes <= n; t += storedLanes {
				g.four(count, k, &from[0], &x[t*ldx], ldx, &y[t*ldy+i], ldy)
			}
			for ; t < n; t++ {
				g.one(count, k, &from[0], &x[t*ldx], ldx, &y[t*ldy+i], ldy)
			}
		}
		rest(g, f, rows, k, w, n, x, ldx, y, ldy)
	}
}

// rowDotsWith is plainRowsWith for float32 in memory as it is in Go.
func rowDotsWith(g plainKernels) func(rows, k int, w, x, y []float32) {
	return func(rows, k int, w, x, y []float32) {
		if k == 0 || g.columns != 0 && k < g.columns {
			rowDotsGeneric(rows, k, w, x, y)
			return
		}
		bytes := func(i int) *byte { return (*byte)(unsafe.Pointer(&w[i*k])) }
		whole := rows - rows%4
		g.quarters(whole/4, k, bytes(0), &x[0], &y[0])
		if whole < rows {
			g.one(rows-whole, k, bytes(whole), &x[0], k, &y[whole], 1)
		}
		if g.columns != 0 && k%g.columns != 0 {
			for i := range rows {
				for p := k - k%g.columns; p < k; p++ {
					y[i] += w[i*k+p] * x[p]
				}
			}
		}
	}
}

// rest adds the products with the columns that the kernels leave out.
func rest(g *plainKernels, f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	if g.columns != 0 && k%g.columns != 0 {
		for i := range rows {
			plainColumns(f, i, k-k%g.columns, k, w, n, x, ldx, y, ldy)
		}
	}
}

func semiRowsWith(kernels [formats]semiKernels) func(f Format, rows, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	return func(f Format, rows, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int) {
		if k == 0 {
			semiRowsGeneric(f, rows, k, indices, values, n, x, ldx, y, ldy)
			return
		}
		g, stride, rowBytes := &kernels[f], semiStride(k), k/2*f.Size()
		block := blockRows(rows, n, stride+rowBytes)
		for i := 0; i < rows; i += block {
			count, places, from := min(block, rows-i), indices[i*stride:], values[i*rowBytes:]
			t := 0
			for ; t+storedLanes <= n; t += storedLanes {
				g.four(count, k, &places[0], &from[0], &x[t*ldx], ldx, &y[t*ldy+i], ldy)
			}
			for ; t < n; t++ {
				g.one(count, k, &places[0], &from[0], &x[t*ldx], ldx, &y[t*ldy+i], ldy)
			}
		}
		if g.columns != 0 && k%g.columns != 0 {
			for i := range rows {
				semiColumns(f, i, k-k%g.columns, k, indices, values, n, x, ldx, y, ldy)
			}
		}
	}
}

func bitmaskRowsWith(kernels [formats]bitmaskKernels) func(f Format, rows, k int, mask, values, offsets []byte, n int, x []float32, ldx int, y []float32, ldy int) {
	return func(f Format, rows, k int, mask, values, offsets []byte, n int, x []float32, ldx int, y []float32, ldy int) {
		if k == 0 {
			bitmaskRowsGeneric(f, rows, k, mask, values, offsets, n, x, ldx, y, ldy)
			return
		}
		g, size := &kernels[f], f.Size()
		if g.unzip != nil {
			padded := roundUp(k, PackedColumns)
			buf := buffers32.get(n*padded, 0, 0)
			defer buffers32.put(buf)
			for t := range n {
				g.unzip(&buf.a[t*padded], &x[t*ldx], padded)
			}
			x, ldx = buf.a, padded
		}
		b := bitmaskProduct{g: g, size: size, k: k, mask: mask, offsets: offsets, n: n, x: x, ldx: ldx, y: y, ldy: ldy}
		b.narrow = float64(offset(offsets, rows)-offset(offsets, 0)) < g.narrowBelow*float64(rows*k)
		// The last rows, behind whose weights a vector may stick out of the slice, are multiplied from
		// a copy.
		safe := rows
		for safe > 0 && len(values)-offset(offsets, safe)*size < g.reach {
			safe--
		}
		b.values = values
		b.rows(0, safe)
		if safe < rows {
			first := offset(offsets, safe) * size
			tail := values[first : offset(offsets, rows)*size]
			buf := buffers32.get((len(tail)+g.reach)/4+1, 0, 0)
			defer buffers32.put(buf)
			b.values = unsafe.Slice((*byte)(unsafe.Pointer(&buf.a[0])), 4*len(buf.a))
			b.first = first
			copy(b.values, tail)
			b.rows(safe, rows)
		}
	}
}

// bitmaskProduct is a product that is going on.
type bitmaskProduct struct {
	g                     *bitmaskKernels
	size, k               int
	mask, values, offsets []byte
	first                 int // where values begins, in bytes from the first weight
	narrow                bool
	n                     int
	x, y                  []float32
	ldx, ldy              int
}

// rows multiplies the rows from lo to hi-1.
func (b *bitmaskProduct) rows(lo, hi int) {
	if lo == hi {
		return
	}
	stored := (offset(b.offsets, hi)-offset(b.offsets, lo))*b.size + (hi-lo)*maskStride(b.k)
	block := blockRows(hi-lo, b.n, stored/(hi-lo))
	for i := lo; i < hi; i += block {
		rows, t := min(block, hi-i), 0
		for ; t+storedLanes <= b.n; t += storedLanes {
			b.g.four(rows, b.k, b.maskAt(i), b.valuesAt(i), &b.x[t*b.ldx], b.ldx, &b.y[t*b.ldy+i], b.ldy)
		}
		for ; t < b.n; t++ {
			b.single(i, rows, b.x[t*b.ldx:], b.y[t*b.ldy:])
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
		pairs(half, b.k, b.maskAt(i), b.valuesAt(i), b.valuesAt(i+half), &x[0], &y[i])
	}
	if rows%2 == 1 {
		i += rows - 1
		b.g.one(1, b.k, b.maskAt(i), b.valuesAt(i), &x[0], 0, &y[i], 0)
	}
}

func (b *bitmaskProduct) maskAt(i int) *byte { return &b.mask[i*maskStride(b.k)] }

func (b *bitmaskProduct) valuesAt(i int) *byte { return &b.values[offset(b.offsets, i)*b.size-b.first] }

// widenWith uses kernels that convert multiples of lanes weights.
func widenWith(lanes int, f16, bf16 func(dst *float32, src *byte, n int)) func(f Format, dst []float32, src []byte) {
	return func(f Format, dst []float32, src []byte) {
		if f == Float32 {
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&dst[0])), 4*len(dst)), src)
			return
		}
		whole := len(dst) - len(dst)%lanes
		switch {
		case whole == 0:
		case f == Float16:
			f16(&dst[0], &src[0], whole)
		default:
			bf16(&dst[0], &src[0], whole)
		}
		widenGeneric(f, dst[whole:], src[whole*f.Size():])
	}
}

func bitmaskWidenWith(kernels [formats]bitmaskKernels) func(f Format, rows, k int, mask, values, offsets []byte, dst []float32) {
	return func(f Format, rows, k int, mask, values, offsets []byte, dst []float32) {
		g, size, stride := &kernels[f], f.Size(), maskStride(k)
		for i := range rows {
			row, from, to := dst[i*k:(i+1)*k], offset(offsets, i), offset(offsets, i+1)
			part := mask[i*stride : (i+1)*stride]
			if from == to || len(values)-to*size < g.reach {
				bitmaskWidenGeneric(f, 1, k, part, values, offsets[8*i:], row)
				continue
			}
			if blocks := k / PackedColumns; blocks > 0 {
				g.widen(blocks, &part[0], &values[from*size], &row[0])
			}
			if k%PackedColumns != 0 {
				at := stride - PackedColumns/8
				var last [PackedColumns]float32
				g.widen(1, &part[at], &values[(from+countBits(part[:at]))*size], &last[0])
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
