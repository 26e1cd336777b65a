package dsnot

import (
	"cmp"
	"math"
	"slices"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
)

// leastVariance stands for the variance of inputs that are constant.
const leastVariance = 1e-30

// row is the state of one row after the other.
type row struct {
	Solver
	mask  *sparsity.Mask
	group int // length of a group for N:M, 0 for the whole row

	i            int
	scores       []float64 // of Wanda
	contribution []float64 // M
	shift        []float64 // M/var
	err          float64   // ε
	order        []int     // all columns by shift, where kept weights count as 0; equal ones by index
	positive     []int     // scratch memory for the end of order
	grown        []bool
}

// begin sets up row i.
func (r *row) begin(i int, p *local.Problem, scores []float64) {
	r.i, r.scores, r.err = i, scores, 0
	clear(r.grown)
	for j, w := range p.W.Row(i) {
		m := w * p.Moments.Sums[j]
		r.contribution[j] = m
		r.shift[j] = 0
		if !r.mask.Keep(i, j) {
			r.err += m
			r.shift[j] = m / max(p.Moments.Variances[j], leastVariance)
		}
	}
	r.sort()
}

// sort fills in order: those below 0, those at 0, those above.
func (r *row) sort() {
	r.order, r.positive = r.order[:0], r.positive[:0]
	for j, v := range r.shift {
		switch {
		case v < 0:
			r.order = append(r.order, j)
		case v > 0:
			r.positive = append(r.positive, j)
		}
	}
	byShift := func(a, b int) int { return cmp.Or(cmp.Compare(r.shift[a], r.shift[b]), cmp.Compare(a, b)) }
	slices.SortFunc(r.order, byShift)
	slices.SortFunc(r.positive, byShift)
	for j, v := range r.shift {
		if v == 0 {
			r.order = append(r.order, j)
		}
	}
	r.order = append(r.order, r.positive...)
}

// exchange runs the cycles. The columns that have not had their turn are order[lo:hi].
func (r *row) exchange() {
	lo, hi := 0, len(r.order)
	for cycles := 0; cycles < r.Cycles && math.Abs(r.err) > r.Threshold && lo < hi; {
		var grow int
		if r.err > 0 {
			hi--
			grow = r.order[hi]
		} else {
			grow = r.order[lo]
			lo++
		}
		// Behind the weights to grow come the kept ones. As published, one of those that a cycle has
		// pruned can come back here.
		if r.contribution[grow] == 0 || r.mask.Keep(r.i, grow) {
			return
		}
		prune := r.partner(grow)
		if prune < 0 {
			if r.group == 0 {
				return
			}
			continue
		}
		r.mask.Set(r.i, grow, true)
		r.grown[grow] = true
		r.mask.Set(r.i, prune, false)
		r.err += r.contribution[prune] - r.contribution[grow]
		cycles++
	}
}

// partner returns the kept weight to prune for one that is grown, or -1.
func (r *row) partner(grow int) int {
	from, to := 0, len(r.scores)
	if r.group > 0 {
		from = grow / r.group * r.group
		to = min(from+r.group, to)
	}
	best := -1
	for j := from; j < to; j++ {
		m := r.contribution[j]
		if m == 0 || m > 0 == (r.err > 0) || r.grown[j] || !r.mask.Keep(r.i, j) {
			continue
		}
		if best < 0 || r.scores[j] < r.scores[best] {
			best = j
		}
	}
	return best
}
