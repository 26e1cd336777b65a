package refit

import (
	"fmt"

	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Fit is a least-squares problem on a fixed mask: minimise tr(W·H·Wᵀ) − 2·tr(W·Cᵀ) + ρ·‖W − W₀‖² over
// W [out, in] that is zero outside Keep. Nothing in it is written to.
//
// Inputs with H_jj + ρ = 0 have no say; their kept weights stay as in Start.
type Fit struct {
	H     *linalg.Matrix // XᵀX [in, in], symmetric positive semidefinite
	C     *linalg.Matrix // YᵀX [out, in], or T·H for the outputs of target weights T
	Keep  *sparsity.Mask
	Start *linalg.Matrix // W₀ [out, in], where CG starts and the ridge pulls to; what Keep prunes does not count
	Ridge float64        // ρ, added to the diagonal of H as it is
}

// check panics with a *tensor.ShapeError unless the parts fit together.
func (f *Fit) check() {
	r, c := f.C.Rows, f.C.Cols
	for _, m := range []struct {
		name             string
		rows, cols, r, c int
	}{
		{"H", f.H.Rows, f.H.Cols, c, c},
		{"Keep", f.Keep.Rows, f.Keep.Cols, r, c},
		{"Start", f.Start.Rows, f.Start.Cols, r, c},
	} {
		if m.rows != m.r || m.cols != m.c {
			panic(&tensor.ShapeError{Op: fmt.Sprintf("refit.Fit.%s", m.name), Got: []int{m.rows, m.cols}, Want: []int{m.r, m.c}})
		}
	}
}

// Loss returns ‖Y − XWᵀ‖² of weights w [out, in] from the sums H = XᵀX, C = YᵀX and ‖Y‖².
func Loss(w, h, c *linalg.Matrix, sumSquares float64) float64 {
	cross := 0.0
	for k, v := range w.Data {
		cross += v * c.Data[k]
	}
	return linalg.QuadForm(w, h) - 2*cross + sumSquares
}
