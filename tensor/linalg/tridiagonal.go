package linalg

import (
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// reflectBlock is the number of reflections that are collected before the rest of the matrix is
// updated.
const reflectBlock = 32

// tridiagonalise reduces the symmetric matrix a, of which both triangles must be filled in, to
// tridiagonal form Qᵀ·a·Q with diagonal diag [n] and off-diagonal off [n-1], by Householder
// reflections Q = H_0·H_1⋯H_{n-2}, H_i = I − tau_i·v_i·v_iᵀ. v_i is zero up to element i; the rest is
// left in row i of a, right of the diagonal.
//
// Reflections are gathered in blocks (Dongarra, Sorensen, Hammarling 1989): with V and W of the
// block, the matrix that remains is A − V·Wᵀ − W·Vᵀ, and only A times the newest vector is needed
// before the block is complete. That product reads all of A per reflection and takes half of the
// multiplications; the update at the end of the block takes the other half.
func tridiagonalise(a *Matrix) (diag, off, tau []float64) {
	n := a.Rows
	diag, off, tau = make([]float64, n), make([]float64, max(n-1, 0)), make([]float64, max(n-1, 0))
	// V and W by rows: vw[p] is v_p, vw[reflectBlock+p] is w_p.
	vw := New(2*reflectBlock, n)
	coef := make([]float64, 2*reflectBlock)
	for k := 0; k < n-1; k += reflectBlock {
		nb := min(reflectBlock, n-1-k)
		clear(vw.Data)
		for i := k; i < k+nb; i++ {
			p := i - k
			row := a.Row(i)[i:]
			for q := range p { // bring row i up to date
				v, w := vw.Row(q)[i:], vw.Row(reflectBlock + q)[i:]
				asm.Axpy64(-w[0], v, row)
				asm.Axpy64(-v[0], w, row)
			}
			diag[i] = row[0]
			v, w := vw.Row(p)[i+1:], vw.Row(reflectBlock + p)[i+1:]
			copy(v, row[1:])
			off[i], tau[i] = reflector(v)
			copy(row[1:], v)
			if tau[i] == 0 {
				continue
			}
			timesVector(a, i+1, v, w)
			for q := range p {
				coef[q] = -asm.Dot64(vw.Row(reflectBlock + q)[i+1:], v)
				coef[reflectBlock+q] = -asm.Dot64(vw.Row(q)[i+1:], v)
			}
			for q := range p {
				asm.Axpy64(coef[q], vw.Row(q)[i+1:], w)
				asm.Axpy64(coef[reflectBlock+q], vw.Row(reflectBlock + q)[i+1:], w)
			}
			for j := range w {
				w[j] *= tau[i]
			}
			asm.Axpy64(-0.5*tau[i]*asm.Dot64(w, v), v, w)
		}
		updateRest(a, k+nb, vw)
	}
	if n > 0 {
		diag[n-1] = a.Data[n*n-1]
	}
	return diag, off, tau
}

// reflector replaces x by the vector v, v[0] = 1, of the reflection that maps x to (beta, 0, …); tau
// is 0 when x is that already.
func reflector(x []float64) (beta, tau float64) {
	rest := math.Sqrt(asm.Dot64(x[1:], x[1:]))
	alpha := x[0]
	if rest == 0 {
		x[0] = 1
		return alpha, 0
	}
	beta = -math.Copysign(math.Hypot(alpha, rest), alpha)
	for j := range x {
		x[j] /= alpha - beta
	}
	x[0] = 1
	return beta, (beta - alpha) / beta
}

// timesVector sets w = A·v for the part of a below and right of [first, first].
func timesVector(a *Matrix, first int, v, w []float64) {
	n := a.Rows
	parallel.For(n-first, grainFor(n-first), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			w[i] = asm.Dot64(a.Row(first + i)[first:], v)
		}
	})
}

// updateRest subtracts V·Wᵀ + W·Vᵀ from both triangles of the part of a from [first, first] on.
func updateRest(a *Matrix, first int, vw *Matrix) {
	n := a.Rows
	rest := n - first
	if rest == 0 {
		return
	}
	// (V W)·(W V)ᵀ as one product: the second factor is the first with its halves swapped.
	swapped := append(append([]float64(nil), vw.Data[reflectBlock*n:]...), vw.Data[:reflectBlock*n]...)
	c := a.Data[first*n+first:]
	inLowerTiles(rest, 2*reflectBlock, func(r rect) {
		asm.Gemm(-1, view(vw.Data[first+r.i:], 2*reflectBlock, r.rows, n).T(), view(swapped[first+r.j:], 2*reflectBlock, r.cols, n), 1, view(c[r.i*n+r.j:], r.rows, r.cols, n))
	})
	mirrorLower(c, rest, n)
}

// applyReflections turns the rows of zt, eigenvectors of the tridiagonal matrix, into those of the
// matrix that tridiagonalise reduced: zt·Qᵀ. Blocks of reflections act as I − Y·T·Yᵀ; rows of zt are
// independent of each other.
func applyReflections(zt, reduced *Matrix, tau []float64) {
	n := zt.Rows
	blocks := (len(tau) + reflectBlock - 1) / reflectBlock
	ys, ts := make([]*Matrix, blocks), make([]*Matrix, blocks)
	parallel.For(blocks, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			ys[b], ts[b] = reflectionBlock(reduced, tau, b*reflectBlock)
		}
	})
	const strip = 64
	parallel.For((n+strip-1)/strip, 1, func(lo, hi int) {
		zy, zyt := make([]float64, strip*reflectBlock), make([]float64, strip*reflectBlock)
		for s := lo; s < hi; s++ {
			rows := min(strip, n-s*strip)
			for b := blocks - 1; b >= 0; b-- { // Qᵀ = …H_1·H_0: the last block comes first
				y, t := ys[b], ts[b]
				z := zt.Data[s*strip*n+n-y.Cols:]
				nb := y.Rows
				asm.Gemm(1, view(z, rows, y.Cols, n), view(y.Data, nb, y.Cols, y.Cols).T(), 0, view(zy, rows, nb, nb))
				asm.Gemm(1, view(zy, rows, nb, nb), view(t.Data, nb, nb, nb).T(), 0, view(zyt, rows, nb, nb))
				asm.Gemm(-1, view(zyt, rows, nb, nb), view(y.Data, nb, y.Cols, y.Cols), 1, view(z, rows, y.Cols, n))
			}
		}
	})
}

// reflectionBlock returns the vectors of the reflections from first on as rows, without the columns
// up to first, in which they are all zero, and the upper triangular T with H_first⋯ = I − Y·T·Yᵀ.
func reflectionBlock(reduced *Matrix, tau []float64, first int) (y, t *Matrix) {
	n := reduced.Rows
	nb := min(reflectBlock, len(tau)-first)
	y, t = New(nb, n-first-1), New(nb, nb)
	for p := range nb {
		copy(y.Row(p)[p:], reduced.Row(first + p)[first+p+1:])
	}
	for p := range nb {
		tp := tau[first+p]
		t.Set(p, p, tp)
		for q := range p {
			s := 0.0
			for r := q; r < p; r++ {
				s += t.At(q, r) * asm.Dot64(y.Row(r), y.Row(p))
			}
			t.Set(q, p, -tp*s)
		}
	}
	return y, t
}
