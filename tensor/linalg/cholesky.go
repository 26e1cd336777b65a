package linalg

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// cholBlock is the width of the panels of the blocked algorithms.
const cholBlock = 128

// smallBlock is the size below which triangles are handled element by element.
const smallBlock = 32

// Cholesky returns the lower triangular L with positive diagonal and L·Lᵀ = a. Only the lower
// triangle of the symmetric matrix a is read.
//
// Errors: *NotPositiveDefiniteError, *NonFiniteError.
func Cholesky(a *Matrix) (*Matrix, error) {
	n := a.square("Cholesky")
	l := New(n, n)
	for i := range n {
		copy(l.Data[i*n:i*n+i+1], a.Data[i*n:i*n+i+1])
	}
	if err := choleskyInPlace(l); err != nil {
		return nil, err
	}
	return l, nil
}

// choleskyInPlace factors the lower triangle of l, whose upper triangle must be zero and stays so.
//
// Right-looking by panels: factor the diagonal block, solve the panel below it, subtract the panel's
// outer product from the lower triangle that remains. The last step does nearly all the work; it is
// one product per tile.
func choleskyInPlace(l *Matrix) error {
	n := l.Rows
	if err := l.checkFinite(); err != nil {
		return err
	}
	for k := 0; k < n; k += cholBlock {
		nb := min(cholBlock, n-k)
		diag := l.Data[k*n+k:]
		if i := choleskyBlock(diag, nb, n); i >= 0 {
			v := diag[i*n+i]
			if v-v != 0 {
				return &NonFiniteError{Row: k + i, Col: k + i, Value: v}
			}
			return &NotPositiveDefiniteError{Pivot: k + i, Value: v}
		}
		below := n - k - nb
		if below == 0 {
			break
		}
		panel := l.Data[(k+nb)*n+k:]
		parallel.For(below, 64, func(lo, hi int) {
			solveRightLowerT(diag, nb, n, panel[lo*n:], hi-lo, n)
		})
		// The squares on the diagonal are also written to above it; choleskyBlock clears that.
		mulNTLower(l.Data[(k+nb)*n+k+nb:], below, n, -1, panel, panel, nb, n, 1)
	}
	// No factor that overflowed gets here: an element of L that is not finite spoils its row's pivot.
	return nil
}

// choleskyBlock factors the lower triangle of the n × n block a in place, halving it until it is
// small. It returns the index of the first pivot that is not a positive number, or -1.
func choleskyBlock(a []float64, n, ld int) int {
	if n > smallBlock {
		h := halve(n)
		if i := choleskyBlock(a, h, ld); i >= 0 {
			return i
		}
		lower, rest := a[h*ld:], a[h*ld+h:]
		solveRightLowerT(a, h, ld, lower, n-h, ld)
		// Only the lower triangle counts, but a full product of so small a block is faster.
		gemm(false, true, n-h, n-h, h, -1, lower, ld, lower, ld, 1, rest, ld)
		if i := choleskyBlock(rest, n-h, ld); i >= 0 {
			return h + i
		}
		for i := range h {
			clear(a[i*ld+h : i*ld+n])
		}
		return -1
	}
	for i := range n {
		row := a[i*ld : i*ld+n]
		for j := range i {
			other := a[j*ld : j*ld+j+1]
			row[j] = (row[j] - asm.Dot64(row[:j], other[:j])) / other[j]
		}
		row[i] -= asm.Dot64(row[:i], row[:i])
		if !(row[i] > 0) || math.IsInf(row[i], 1) {
			return i
		}
		row[i] = math.Sqrt(row[i])
		clear(row[i+1:])
	}
	return -1
}

// halve returns the first part of a split of n in two, a multiple of smallBlock.
func halve(n int) int { return (n/2 + smallBlock - 1) / smallBlock * smallBlock }

// solveRightLowerT overwrites b [m, n] with X where X·Lᵀ = b and L is the n × n lower triangle at l.
// It solves L·Xᵀ = bᵀ: along rows of the transposed matrix vectors are long.
func solveRightLowerT(l []float64, n, ldl int, b []float64, m, ldb int) {
	xt := make([]float64, n*m)
	transpose(xt, m, b, ldb, m, n)
	forward(l, n, ldl, xt, m, m)
	transpose(b, ldb, xt, m, n, m)
}
