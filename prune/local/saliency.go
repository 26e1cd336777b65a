package local

import (
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor/linalg"
)

// Saliency returns |W_ij|·‖X_j‖ [out, in], the root of what removing weight [i, j] alone, with no
// update of the others, changes in the outputs on the calibration inputs.
func (p *Problem) Saliency() *linalg.Matrix {
	norms := make([]float64, p.W.Cols)
	for j, v := range p.InputNorms() {
		norms[j] = math.Sqrt(max(v, 0))
	}
	s := linalg.New(p.W.Rows, p.W.Cols)
	parallel.Rows(p.W.Rows, p.W.Cols, func(i int) {
		dst := s.Row(i)
		for j, v := range p.W.Row(i) {
			dst[j] = math.Abs(v) * norms[j]
		}
	})
	return s
}
