package asm

import "fmt"

// GramRows sets rows first ≤ i < last of C = XᵀX, as far as they lie on or below
// the diagonal, or adds to them. X is stored as [k, n] with leading dimension
// ldx ≥ n, C is the whole matrix [n, n] with leading dimension ldc, n ≥ last. In
// the same rows, elements above the diagonal up to column last−1 come out
// arbitrary; [MirrorLower] sets them.
//
// Elements have the bits that [Gemm] gives them.
func GramRows(first, last, k int, x []float32, ldx int, accumulate bool, c []float32, ldc int) {
	if first < 0 || last < first || k < 0 {
		panic(fmt.Sprintf("asm: gram: rows %d to %d of a sum over %d", first, last, k))
	}
	checkMatrix("X", k, last, ldx, len(x))
	checkMatrix("C", last, last, ldc, len(c))
	if first == last {
		return
	}
	if k == 0 {
		if !accumulate {
			scaleMatrix(last-first, last, 0, c[first*ldc:], ldc)
		}
		return
	}
	p := product[float32]{gemmKernel: &current.Load().gemm32, transA: true, m: last - first, n: last, k: k, alpha: 1,
		a: x[first:], lda: ldx, b: x, ldb: ldx, c: c[first*ldc:], ldc: ldc, accumulate: accumulate, diagonal: first}
	p.compute(&buffers32)
}

// MirrorLower copies what lies below the diagonal of C [n, n] to the other side,
// for columns first ≤ j < last of the upper triangle.
func MirrorLower(first, last int, c []float32, ldc int) {
	if first < 0 || last < first {
		panic(fmt.Sprintf("asm: mirror: columns %d to %d", first, last))
	}
	checkMatrix("C", last, last, ldc, len(c))
	// Squares of this size stay in the first-level cache on both sides.
	const square = 32
	for i := first; i < last; {
		end := min(i/square*square+square, last)
		for j := 0; j < i; j += square {
			Transpose(end-i, min(square, i-j), c[j*ldc+i:], ldc, c[i*ldc+j:], ldc)
		}
		for r := i; r < end; r++ {
			for s := i; s < r; s++ {
				c[s*ldc+r] = c[r*ldc+s]
			}
		}
		i = end
	}
}

// Transpose sets dst[j·ldDst+i] = src[i·ldSrc+j] for i < rows, j < cols.
func Transpose(rows, cols int, dst []float32, ldDst int, src []float32, ldSrc int) {
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("asm: transpose: %d×%d", rows, cols))
	}
	checkMatrix("the source", rows, cols, ldSrc, len(src))
	checkMatrix("the destination", cols, rows, ldDst, len(dst))
	if rows > 0 && cols > 0 {
		current.Load().gemm32.transpose(rows, cols, dst, ldDst, src, ldSrc)
	}
}

func transposeGeneric[T float](rows, cols int, dst []T, ldDst int, src []T, ldSrc int) {
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
