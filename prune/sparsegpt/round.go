package sparsegpt

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/prune"
)

// blockEnd returns where the block that starts at column i1 ends: after b columns, or before that at
// the first column of a group of columns with a grid of its own that would reach beyond it. A grid is
// fitted when its first column has its turn, and must see weights that are compensated for everything
// to the left of that.
func (r *run) blockEnd(i1, b int) int {
	i2 := min(i1+b, r.w.Cols)
	if r.grid == nil {
		return i2
	}
	for j := i1 + 1; j < i2; j++ {
		if r.grid.GroupEnd(j) > i2 {
			return j
		}
	}
	return i2
}

// roundRow is solveRow with the weights that stay rounded to their grids: the error of a kept weight,
// E_ij = (W_ij − round(W_ij))/U_jj, is made up for like that of a pruned one.
func (r *run) roundRow(i, i1, i2 int, sel *prune.Selector) {
	all, groups := r.w.Row(i), r.chooses()
	w, errs, keep := all[i1:i2], r.errs.Row(i), r.mask.RowBits(i)
	for j := range w {
		if groups && j%r.p.Pattern.M == 0 {
			r.selectGroup(i, i1, j, w, errs, sel)
		}
		if end := r.grid.GroupEnd(i1 + j); end > 0 {
			lowest, highest := 0.0, 0.0
			for k, v := range all[i1+j : end] {
				v = keep.Kept(i1+j+k, v) // what is pruned in later blocks is not known yet and counts
				lowest, highest = min(lowest, v), max(highest, v)
			}
			r.grid.Fit(i, i1+j, lowest, highest)
		}
		q := 0.0
		if v := keep.Kept(i1+j, w[j]); v != 0 {
			q = r.grid.Round(i, i1+j, v)
		}
		e := (w[j] - q) / r.diag[i1+j]
		errs[j] = e
		w[j] = q
		if e != 0 {
			asm.Axpy64(-e, r.u.Data[(i1+j)*r.u.Cols+i1+j+1:][:len(w)-j-1], w[j+1:])
		}
	}
}
