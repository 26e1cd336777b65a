package linalg

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// Mul returns a·b.
func Mul(a, b *Matrix) *Matrix {
	dst := New(a.Rows, b.Cols)
	MulInto(dst, 1, a, b, 0)
	return dst
}

// MulNT returns a·bᵀ.
func MulNT(a, b *Matrix) *Matrix {
	dst := New(a.Rows, b.Rows)
	MulNTInto(dst, 1, a, b, 0)
	return dst
}

// MulTN returns aᵀ·b.
func MulTN(a, b *Matrix) *Matrix {
	dst := New(a.Cols, b.Cols)
	MulTNInto(dst, 1, a, b, 0)
	return dst
}

// MulInto sets dst = alpha·a·b + beta·dst; with beta = 0 the old dst is not read. dst must not share
// storage with a or b.
func MulInto(dst *Matrix, alpha float64, a, b *Matrix, beta float64) {
	b.shape("Mul", a.Cols, b.Cols)
	dst.shape("Mul", a.Rows, b.Cols)
	product(false, false, dst, a.Cols, alpha, a, b, beta)
}

// MulNTInto sets dst = alpha·a·bᵀ + beta·dst; see MulInto.
func MulNTInto(dst *Matrix, alpha float64, a, b *Matrix, beta float64) {
	b.shape("MulNT", b.Rows, a.Cols)
	dst.shape("MulNT", a.Rows, b.Rows)
	product(false, true, dst, a.Cols, alpha, a, b, beta)
}

// MulTNInto sets dst = alpha·aᵀ·b + beta·dst; see MulInto.
func MulTNInto(dst *Matrix, alpha float64, a, b *Matrix, beta float64) {
	b.shape("MulTN", a.Rows, b.Cols)
	dst.shape("MulTN", a.Cols, b.Cols)
	product(true, false, dst, a.Rows, alpha, a, b, beta)
}

func product(transA, transB bool, dst *Matrix, k int, alpha float64, a, b *Matrix, beta float64) {
	m, n := dst.Rows, dst.Cols
	h, w := tile(m, n, k)
	across, down := (n+w-1)/w, (m+h-1)/h
	parallel.For(across*down, 1, func(lo, hi int) {
		for t := lo; t < hi; t++ {
			i, j := t/across*h, t%across*w
			rows, cols := min(h, m-i), min(w, n-j)
			asm.Gemm(alpha, turned(a.view(), transA).Part(i, 0, rows, k), turned(b.view(), transB).Part(0, j, k, cols),
				beta, dst.view().Part(i, j, rows, cols))
		}
	})
}

// tile returns the height and width of the parts of an [m, n] product over k that are computed by one
// core at a time: about two per core, of the shape for which the operands of all parts together,
// which every part packs for itself, are smallest. Elements come out the same however the product is
// cut, see asm.Gemm.
func tile(m, n, k int) (h, w int) {
	m, n = max(m, 1), max(n, 1)
	const least, unit = 1 << 18, 16
	pieces := float64(1)
	if threads := parallel.Threads(); threads > 1 {
		pieces = max(1, min(float64(2*threads), float64(m)*float64(n)*float64(k)/least))
	}
	down := min(max(1, math.Round(math.Sqrt(pieces*float64(m)/float64(n)))), pieces)
	return roundUp(int(math.Ceil(float64(m)/down)), unit), roundUp(int(math.Ceil(float64(n)*down/pieces)), unit)
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// view returns the matrix [rows, cols] that lies row by row in data, from one row to the next stride elements.
func view(data []float64, rows, cols, stride int) *asm.Matrix[float64] {
	return asm.MatrixOf(data, rows, cols, stride)
}

// view returns the elements for the kernels.
func (m *Matrix) view() *asm.Matrix[float64] { return view(m.Data, m.Rows, m.Cols, m.Cols) }

// turned returns the transpose of m if it is asked for.
func turned(m *asm.Matrix[float64], transposed bool) *asm.Matrix[float64] {
	if transposed {
		return m.T()
	}
	return m
}

// from returns s[i:], or nothing when i lies behind the end, as it does for operands without
// elements.
func from(s []float64, i int) []float64 { return s[min(i, len(s)):] }

// grainFor returns how many pieces of the given number of multiplications are worth a goroutine.
func grainFor(work int) int { return max(1, 1<<16/max(1, work)) }

// Add returns a + b.
func Add(a, b *Matrix) *Matrix {
	b.shape("Add", a.Rows, a.Cols)
	dst := New(a.Rows, a.Cols)
	for i, v := range a.Data {
		dst.Data[i] = v + b.Data[i]
	}
	return dst
}

// Sub returns a − b.
func Sub(a, b *Matrix) *Matrix {
	b.shape("Sub", a.Rows, a.Cols)
	dst := New(a.Rows, a.Cols)
	for i, v := range a.Data {
		dst.Data[i] = v - b.Data[i]
	}
	return dst
}

// Scale returns s·a.
func Scale(a *Matrix, s float64) *Matrix {
	dst := New(a.Rows, a.Cols)
	for i, v := range a.Data {
		dst.Data[i] = s * v
	}
	return dst
}

// quadBlock is how many columns of w·h exist at one time in [QuadForm].
const quadBlock = 96

// QuadForm returns tr(w·h·wᵀ) = Σ_i w_i·h·w_iᵀ for w [r, c] and symmetric h [c, c]: the squared norm of
// w's outputs on the inputs that h is the Gram matrix of.
//
// With w in blocks of columns w_J it is Σ_J tr((w_J·h_JJ + 2·Σ_{K>J} w_K·h_KJ)·w_Jᵀ), half the work of w·h.
func QuadForm(w, h *Matrix) float64 {
	h.shape("QuadForm", w.Cols, w.Cols)
	c := w.Cols
	sums := make([]float64, w.Rows)
	inStrips(w.Rows, c*c/2, func(lo, hi int) {
		withScratch((hi-lo)*quadBlock, func(scratch []float64) {
			for j := 0; j < c; j += quadBlock {
				n, rows := min(quadBlock, c-j), w.Data[lo*c:]
				next := j + n
				asm.Gemm(2, view(from(rows, next), hi-lo, c-next, c), view(from(h.Data, next*c+j), c-next, n, c), 0, view(scratch, hi-lo, n, n))
				asm.Gemm(1, view(from(rows, j), hi-lo, n, c), view(h.Data[j*c+j:], n, n, c), 1, view(scratch, hi-lo, n, n))
				for i := lo; i < hi; i++ {
					sums[i] += asm.Dot64(w.Data[i*c+j:i*c+next], scratch[(i-lo)*n:(i-lo+1)*n])
				}
			}
		})
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return total
}
