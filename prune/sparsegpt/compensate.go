package sparsegpt

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
)

// rowTile returns the number of rows that one core takes through a block at a time: a few tiles per
// core even out the work, and tall ones spend less on packing U in the product. Rows come out the
// same in tiles of any height.
func rowTile(rows int) int { return min(max(rows/(2*parallel.Threads()), 32), 256) }

// compensate makes the pruned weights of columns [i1, i2) zero and lets all columns to the right of
// each make up for it.
func (r *run) compensate(i1, i2 int) {
	rows, cols, width := r.w.Rows, r.w.Cols, i2-i1
	height := rowTile(rows)
	parallel.For((rows+height-1)/height, 1, func(lo, hi int) {
		var sel prune.Selector
		for t := lo; t < hi; t++ {
			first := t * height
			last := min(first+height, rows)
			for i := first; i < last; i++ {
				if r.grid != nil {
					r.roundRow(i, i1, i2, &sel)
				} else {
					r.solveRow(i, i1, i2, &sel)
				}
			}
			if i2 < cols {
				asm.Gemm64(false, false, last-first, cols-i2, width, -1, r.errs.Data[first*width:], width,
					r.u.Data[i1*cols+i2:], cols, 1, r.w.Data[first*cols+i2:], cols)
			}
		}
	})
}

// solveRow takes row i through columns [i1, i2): it fills in the row's mask for N:M patterns, its
// errors E, and its final weights there.
func (r *run) solveRow(i, i1, i2 int, sel *prune.Selector) {
	w := r.w.Row(i)[i1:i2]
	errs := r.errs.Row(i)
	groups, keep := r.chooses(), r.mask.RowBits(i)
	cols := r.u.Cols
	for j := range w {
		if groups && j%r.p.Pattern.M == 0 {
			r.selectGroup(i, i1, j, w, errs, sel)
		}
		if w[j] == 0 || keep[(i1+j)>>6]>>((i1+j)&63)&1 != 0 {
			errs[j] = 0
			continue
		}
		e := w[j] / r.diag[i1+j]
		errs[j] = e
		w[j] = 0
		row := r.u.Data[(i1+j)*cols+i1:]
		asm.Axpy64(-e, row[j+1:len(w)], w[j+1:])
	}
}

// chooses reports whether masks are chosen column by column.
func (r *run) chooses() bool { return r.p.Keep == nil && r.p.Pattern.Structured() }

// selectGroup fills in the mask of an N:M group of row i when its first column, column j of the block
// that starts at i1, has its turn; w are the row's weights in the block. errs is free from j on.
func (r *run) selectGroup(i, i1, j int, w, errs []float64, sel *prune.Selector) {
	group := min(r.p.Pattern.M, len(w)-j)
	scores := errs[j : j+group]
	for k := range scores {
		q := w[j+k] / r.diag[i1+j+k]
		scores[k] = q * q
	}
	sel.Row(r.mask, i, i1+j, scores, r.p.Pattern.GroupZeros(group))
}
