package refit

import (
	"context"
	"errors"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor/linalg"
)

// Exact returns the minimiser itself, by a Cholesky factorisation for every row.
//
// A row whose equations are singular, as they are with ridge 0 when it keeps more weights than there
// are independent inputs, gets a share of H's mean diagonal added: 1e-7, then ten times more until the
// factorisation succeeds, up to 8 times. damping is the largest share that a row took, and rows the
// number of those.
//
// Errors: the context's; *linalg.NotPositiveDefiniteError when no damping helps, with the index of the
// pivot counting the kept weights of a row; *linalg.NonFiniteError.
func (f *Fit) Exact(ctx context.Context) (w *linalg.Matrix, damping float64, rows int, err error) {
	f.check()
	w = f.Start.Clone()
	r, c := w.Rows, w.Cols
	most := 0
	for i := range r {
		most = max(most, c-f.Keep.RowZeros(i))
	}
	unit := f.H.MeanDiag()
	dampings, failed := make([]float64, r), make([]error, r)
	parallel.For(r, max(1, 1<<16/max(1, most*most*most)), func(lo, hi int) {
		s := rowSystem{f: f, gram: make([]float64, most*most), rhs: make([]float64, most), kept: make([]int, 0, most)}
		for i := lo; i < hi; i++ {
			if failed[i] = ctx.Err(); failed[i] == nil {
				dampings[i], failed[i] = s.solve(i, w.Row(i), unit)
			}
		}
	})
	for i := range r {
		if failed[i] != nil {
			return nil, 0, 0, failed[i]
		}
		if dampings[i] > 0 {
			rows++
			damping = max(damping, dampings[i])
		}
	}
	return w, damping, rows, w.CheckFinite()
}

// ExactBytes is what [Fit.Exact] takes for weights [rows, cols] of which it keeps a share kept, beside the problem, in
// bytes: the weights, and on each thread the equations of a row.
func ExactBytes(rows, cols int, kept float64) int64 {
	most := int(kept*float64(cols)) + 1
	matrix := prune.Float64s(rows, cols)
	return matrix + matrix/2 + int64(min(parallel.Threads(), rows))*prune.Float64s(most, most)
}

// rowSystem holds the normal equations of one row after the other.
type rowSystem struct {
	f    *Fit
	gram []float64 // memory of H_SS
	rhs  []float64
	kept []int // S
}

// maxDampings is how often the damping of a row is raised.
const maxDampings = 8

// solve overwrites w, row i of Start, with the solution, adding to the diagonal what it takes in units
// of unit, and returns how many of those.
func (s *rowSystem) solve(i int, w []float64, unit float64) (damping float64, err error) {
	s.f.Keep.ApplyRow(i, w)
	s.kept = s.kept[:0]
	for j := range w {
		if s.f.Keep.Keep(i, j) && s.f.H.At(j, j)+s.f.Ridge > 0 {
			s.kept = append(s.kept, j)
		}
	}
	n := len(s.kept)
	a, b := linalg.FromSlice(s.gram[:n*n], n, n), linalg.FromSlice(s.rhs[:n], n, 1)
	for raised := 0; ; raised++ {
		for p, j := range s.kept {
			b.Data[p] = s.f.C.At(i, j) + s.f.Ridge*w[j]
			dst, row := a.Row(p), s.f.H.Row(j)
			for q, k := range s.kept[:p+1] {
				dst[q] = row[k]
			}
			dst[p] += s.f.Ridge + damping*unit
		}
		err = linalg.SolveSPDInPlace(a, b)
		if err == nil {
			break
		}
		if indefinite := (*linalg.NotPositiveDefiniteError)(nil); raised == maxDampings || !errors.As(err, &indefinite) {
			return damping, err
		}
		damping = max(damping, 1e-8) * 10
	}
	for p, j := range s.kept {
		w[j] = b.Data[p]
	}
	return damping, nil
}
