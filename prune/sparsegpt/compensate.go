package sparsegpt

import "github.com/adagp/adagp/internal/parallel"

// rowTile returns the number of rows that one core takes through a block at a time: a few tiles per
// core even out the work, and tall ones spend less on packing U in the product. Rows come out the
// same in tiles of any height.
func rowTile(rows int) int { return min(max(rows/(2*parallel.Threads()), 32), 256) }

// compensate makes the pruned weights of columns [i1, i2) zero and lets all columns to the right of
// each make up for it.
func (r *run) compensate(i1, i2 int) {
	rows := r.w.Rows
	height := rowTile(rows)
	parallel.For((rows+height-1)/height, 1, func(lo, hi int) {
		t, ok := r.tiles.Get().(*tile)
		if !ok {
			t = &tile{r: r}
		}
		for k := lo; k < hi; k++ {
			t.reset(k*height, min((k+1)*height, rows), i1, i2)
			t.solve()
		}
		r.tiles.Put(t)
	})
}

// chooses reports whether masks are chosen column by column.
func (r *run) chooses() bool { return r.p.Keep == nil && r.p.Pattern.Structured() }
