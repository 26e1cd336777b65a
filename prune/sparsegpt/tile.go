package sparsegpt

import (
	"math"
	"slices"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/prune/sparsity"
)

// lazyColumns is how many columns of a block are decided before the rest of the block makes up for
// them, in one product: what goes from column to column is then short.
const lazyColumns = 16

// tile is the work of one core on a block of columns: the weights of some rows in it, turned round, so
// that a column, which has one row of U and one score for all, is a contiguous vector.
type tile struct {
	r             *run
	first, height int // rows
	i1, width     int // columns

	w, e  []float64 // weights and errors E [width, height]
	words []uint64  // the words of the rows' masks that the column at hand is in [height]
	group []float64 // scores of an N:M group
	sel   sparsity.Selector
}

// reset makes t the tile of those rows and columns, with their weights.
func (t *tile) reset(first, last, i1, i2 int) {
	t.first, t.height, t.i1, t.width = first, last-first, i1, i2-i1
	n := t.height * t.width
	t.w, t.e = slices.Grow(t.w[:0], n)[:n], slices.Grow(t.e[:0], n)[:n]
	t.words = slices.Grow(t.words[:0], t.height)[:t.height]
	t.group = slices.Grow(t.group[:0], t.r.p.Pattern.M)
	t.load()
}

// row returns the weights of row i of the tile where they are stored.
func (t *tile) row(i int) []float64 { return t.r.w.Row(t.first + i)[t.i1 : t.i1+t.width] }

// eight returns the tile's rows i to i+7.
func (t *tile) eight(i int) (rows [8][]float64) {
	for k := range rows {
		rows[k] = t.row(i + k)
	}
	return rows
}

// load copies the weights to the tile.
func (t *tile) load() {
	i := 0
	for ; i+8 <= t.height; i += 8 {
		x := t.eight(i)
		for j := range t.width {
			dst := (*[8]float64)(t.w[j*t.height+i:])
			dst[0], dst[1], dst[2], dst[3] = x[0][j], x[1][j], x[2][j], x[3][j]
			dst[4], dst[5], dst[6], dst[7] = x[4][j], x[5][j], x[6][j], x[7][j]
		}
	}
	for ; i < t.height; i++ {
		for j, v := range t.row(i) {
			t.w[j*t.height+i] = v
		}
	}
}

// store copies the tile back to the weights.
func (t *tile) store() {
	i := 0
	for ; i+8 <= t.height; i += 8 {
		x := t.eight(i)
		for j := range t.width {
			src := (*[8]float64)(t.w[j*t.height+i:])
			x[0][j], x[1][j], x[2][j], x[3][j] = src[0], src[1], src[2], src[3]
			x[4][j], x[5][j], x[6][j], x[7][j] = src[4], src[5], src[6], src[7]
		}
	}
	for ; i < t.height; i++ {
		for j := range t.row(i) {
			t.row(i)[j] = t.w[j*t.height+i]
		}
	}
}

// column returns the weights and the errors of column j of the tile.
func (t *tile) column(j int) (w, e []float64) {
	return t.w[j*t.height : (j+1)*t.height], t.e[j*t.height : (j+1)*t.height]
}

// solve decides the tile's columns: it fills in the mask for N:M patterns, the errors E, and the final
// weights, and makes all columns to the right of the tile make up for it.
func (t *tile) solve() {
	u, cols := t.r.u, t.r.u.Cols
	for j, end := 0, 0; j < t.width; j = end {
		end = t.lazyEnd(j)
		for c := j; c < end; c++ {
			t.decide(c)
			_, e := t.column(c)
			for k, v := range u.Row(t.i1 + c)[t.i1+c+1 : t.i1+end] {
				w, _ := t.column(c + 1 + k)
				asm.Axpy64(-v, e, w)
			}
		}
		if rest := t.width - end; rest > 0 {
			asm.Gemm(-1, asm.MatrixOf(u.Data[(t.i1+j)*cols+t.i1+end:], end-j, rest, cols).T(),
				asm.MatrixOf(t.e[j*t.height:], end-j, t.height, t.height),
				1, asm.MatrixOf(t.w[end*t.height:], rest, t.height, t.height))
		}
	}
	t.store()
	if i2 := t.i1 + t.width; i2 < cols {
		asm.Gemm(-1, asm.MatrixOf(t.e, t.width, t.height, t.height).T(),
			asm.MatrixOf(u.Data[t.i1*cols+i2:], t.width, cols-i2, cols),
			1, asm.MatrixOf(t.r.w.Data[t.first*cols+i2:], t.height, cols-i2, cols))
	}
}

// lazyEnd returns the end of the columns from j on whose errors the rest of the block makes up for at
// once. N:M groups, and grids, are chosen by weights that are up to date: none begins further left than
// the columns that it is chosen by are.
func (t *tile) lazyEnd(j int) int {
	n := lazyColumns
	if t.r.chooses() {
		m := t.r.p.Pattern.M
		n = (n + m - 1) / m * m
	}
	end := min(j+n, t.width)
	if t.r.grid != nil {
		for k := j + 1; k < end; k++ {
			if t.r.grid.GroupEnd(t.i1+k) > 0 {
				return k
			}
		}
	}
	return end
}

// decide makes the pruned weights of column j zero, rounds the others if they are to be, and sets the
// errors.
func (t *tile) decide(j int) {
	group := t.r.chooses() && j%t.r.p.Pattern.M == 0
	if group {
		t.selectGroup(j)
	}
	col := t.i1 + j
	if group || j == 0 || col&63 == 0 {
		for i := range t.words {
			t.words[i] = t.r.mask.RowBits(t.first + i)[col>>6]
		}
	}
	if t.r.grid != nil {
		t.round(j)
		return
	}
	w, e := t.column(j)
	e = e[:len(w)]
	words := t.words[:len(w)]
	inverse := 1 / t.r.diag[col]
	for i, v := range w {
		pruned := words[i]>>(col&63)&1 - 1 // all ones, or none
		b := math.Float64bits(v)
		w[i] = math.Float64frombits(b &^ pruned)
		e[i] = math.Float64frombits(b&pruned) * inverse
	}
}

// selectGroup fills in the mask of the N:M groups that start at column j.
func (t *tile) selectGroup(j int) {
	group := t.group[:min(t.r.p.Pattern.M, t.width-j)]
	zeros := t.r.p.Pattern.GroupZeros(len(group))
	for i := range t.height {
		for k := range group {
			q := t.w[(j+k)*t.height+i] / t.r.diag[t.i1+j+k]
			group[k] = q * q
		}
		t.sel.Row(t.r.mask, t.first+i, t.i1+j, group, zeros)
	}
}
