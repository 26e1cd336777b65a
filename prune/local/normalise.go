package local

import (
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor/linalg"
)

// Normalised returns the root d of the diagonal of a Gram matrix h [in, in], and the Gram matrix
// h_ij/(d_i·d_j) of inputs scaled to norm 1, with ones on its diagonal. Inputs that are always zero,
// which have d = 0, get a row and a column of zeros.
func Normalised(h *linalg.Matrix) (a *linalg.Matrix, d []float64) {
	d = h.Diag()
	inverse := make([]float64, len(d))
	for j, v := range d {
		if v != 0 {
			d[j] = math.Sqrt(v)
			inverse[j] = 1 / d[j]
		}
	}
	a = linalg.New(h.Rows, h.Cols)
	parallel.Rows(h.Rows, h.Cols, func(i int) {
		dst := a.Row(i)
		for j, v := range h.Row(i) {
			dst[j] = v * inverse[i] * inverse[j]
		}
		if d[i] != 0 {
			dst[i] = 1
		}
	})
	return a, d
}
