package global

import (
	"math"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
)

// threshold prunes the lowest scores of all matrices, exactly so many of them, seeing the matrices one
// by one.
type threshold struct {
	first, end float64      // scores in [first, end) are too close to the threshold to tell
	due        int64        // how many of these have to go
	close      []closeScore // in the order of the matrices and of their elements
}

// closeScore is a weight to be decided on at the end.
type closeScore struct {
	score float64
	mask  *sparsity.Mask
	i, j  int
}

func newThreshold(d *prune.Distribution, p sparsity.Pattern) *threshold {
	t := &threshold{}
	k := int64(math.Floor(float64(d.Len())*p.Sparsity + 1e-9))
	var below int64
	t.first, t.end, below = d.Around(k)
	t.due = k - below
	return t
}

// mask returns the mask of the next matrix. Until settle, it keeps the scores close to the threshold.
func (t *threshold) mask(rows, cols int, row func(dst []float64, i int)) *sparsity.Mask {
	m := sparsity.NewMask(rows, cols)
	found := make([][]closeScore, rows)
	parallel.Rows(rows, cols, func(i int) {
		scores := make([]float64, cols)
		row(scores, i)
		for j, s := range scores {
			if s < t.first {
				m.Set(i, j, false)
			} else if s < t.end {
				found[i] = append(found[i], closeScore{s, m, i, j})
			}
		}
	})
	t.close = append(t.close, slices.Concat(found...)...)
	return m
}

// settle prunes the lowest of the close scores, equal ones in their order.
func (t *threshold) settle() {
	slices.SortStableFunc(t.close, func(a, b closeScore) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return 0
	})
	for _, c := range t.close[:t.due] {
		c.mask.Set(c.i, c.j, false)
	}
	t.close = nil
}
