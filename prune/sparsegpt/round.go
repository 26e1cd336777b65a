package sparsegpt

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

// round is decide with the weights that stay rounded to their grids: the error of a kept weight,
// E_ij = (W_ij − round(W_ij))/U_jj, is made up for like that of a pruned one.
func (t *tile) round(j int) {
	grid, col := t.r.grid, t.i1+j
	end := grid.GroupEnd(col)
	w, e := t.column(j)
	for i, v := range w {
		row := t.first + i
		if end > 0 {
			lowest, highest := t.limits(i, j, end)
			grid.Fit(row, col, lowest, highest)
		}
		q := 0.0
		if v != 0 && t.words[i]>>(col&63)&1 != 0 {
			q = grid.Round(row, col, v)
		}
		w[i] = q
		e[i] = (v - q) / t.r.diag[col]
	}
}

// limits returns the lowest and the highest of the weights of the tile's row i, from its column j up to
// column end of the matrix, of which those that are pruned count as zero. What is pruned in later blocks
// is not known yet and counts.
func (t *tile) limits(i, j, end int) (lowest, highest float64) {
	row, keep := t.r.w.Row(t.first+i), t.r.mask.RowBits(t.first+i)
	for col := t.i1 + j; col < end; col++ {
		v := row[col]
		if k := col - t.i1; k < t.width {
			v = t.w[k*t.height+i]
		}
		v = keep.Kept(col, v)
		lowest, highest = min(lowest, v), max(highest, v)
	}
	return lowest, highest
}
