package global

import (
	"math"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
)

// threshold prunes the lowest scores of all matrices, exactly so many of them, seeing the matrices one
// by one. Scores have the precision of a float32.
type threshold struct {
	first, end float64   // scores in [first, end) are too close to the threshold to tell
	due        int64     // how many of these have to go
	matrices   []closeTo // in the order of the model
}

// closeTo are the weights of a matrix that are to be decided on at the end. There may be very many, such as the zeros
// of a model that was pruned before: a row in which they all have the same score keeps that one.
type closeTo struct {
	mask, which *sparsity.Mask // which says for the close ones that they are kept
	scores      [][]float32    // row by row
}

// closeBytes is what the scores near the threshold take of a model with so many weights, usually: a bit for each,
// and a score for each of a hundredth, twice while they are collected.
func closeBytes(weights int64) int64 { return weights/8 + 2*4*weights/100 }

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
	c := closeTo{mask: sparsity.NewMask(rows, cols), which: sparsity.NewMask(rows, cols), scores: make([][]float32, rows)}
	parallel.Rows(rows, cols, func(i int) {
		scores := make([]float64, cols)
		row(scores, i)
		for j, s := range scores {
			if s < t.first {
				c.mask.Set(i, j, false)
			}
			if s < t.first || s >= t.end {
				c.which.Set(i, j, false)
				continue
			}
			c.scores[i] = append(c.scores[i], float32(s))
		}
		if found := c.scores[i]; len(found) > 0 && slices.Min(found) == slices.Max(found) {
			c.scores[i] = slices.Clone(found[:1])
		}
	})
	t.matrices = append(t.matrices, c)
	return c.mask
}

// each shows all close scores in the order of the matrices and of their elements.
func (t *threshold) each(see func(score float32, mask *sparsity.Mask, i, j int)) {
	for _, c := range t.matrices {
		for i, scores := range c.scores {
			at := 0
			for j := 0; j < c.mask.Cols && len(scores) > 0; j++ {
				if c.which.Keep(i, j) {
					see(scores[at], c.mask, i, j)
					at = min(at+1, len(scores)-1)
				}
			}
		}
	}
}

// settle prunes the lowest of the close scores, equal ones in their order. They differ in the last bits of a
// float32, so that there are few different ones.
func (t *threshold) settle() {
	counts := map[float32]int64{}
	t.each(func(score float32, _ *sparsity.Mask, _, _ int) { counts[score]++ })
	values := make([]float32, 0, len(counts))
	for v := range counts {
		values = append(values, v)
	}
	slices.Sort(values)
	left := map[float32]int64{} // how many of each have to go
	for _, v := range values {
		left[v] = min(t.due, counts[v])
		t.due -= left[v]
	}
	t.each(func(score float32, mask *sparsity.Mask, i, j int) {
		if left[score] > 0 {
			left[score]--
			mask.Set(i, j, false)
		}
	})
	t.matrices = nil
}
