package admm

import (
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// selector chooses masks with a share of their final zeros. It keeps its memory between calls.
type selector struct {
	layer sparsity.Selector
	group *sparsity.Mask // for N:M: weights that may go are not kept
}

// choose prunes, of the weights with the given scores, the lowest of all until the share growth of the
// pattern's zeros is met. For N:M patterns only the N lowest of a group can go; the scores of the others
// are overwritten then.
func (s *selector) choose(mask *sparsity.Mask, score *linalg.Matrix, p sparsity.Pattern, growth float64) {
	if !p.Structured() {
		s.layer.Layer(mask, score, sparsity.Unstructured(p.Sparsity*growth))
		return
	}
	if s.group == nil {
		s.group = sparsity.NewMask(score.Rows, score.Cols)
	}
	s.layer.Layer(s.group, score, p)
	parallel.For(score.Rows, max(1, 1<<14/score.Cols), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, bits := score.Row(i), s.group.RowBits(i)
			for j := range row {
				row[j] += bits.Kept(j, math.Inf(1))
			}
		}
	})
	due := sparsity.Unstructured(float64(p.N) / float64(p.M) * growth).Count(len(score.Data))
	s.layer.Block(mask, 0, score, min(due, s.group.Zeros()))
}
