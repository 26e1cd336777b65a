package sparsegpt

import (
	"cmp"
	"context"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor/linalg"
)

// inverseFactor returns U with UᵀU = (H + damping·mean(diag H)·I)⁻¹, the inputs that are always zero,
// whose diagonal element in H counts as 1, and the damping that it took.
func (s Solver) inverseFactor(ctx context.Context, p *local.Problem) (u *linalg.Matrix, dead []int, damping float64, err error) {
	diag := p.H.Diag()
	mean := 0.0
	for j, v := range diag {
		if v == 0 {
			dead = append(dead, j)
			diag[j] = 1
		}
		mean += diag[j] / float64(len(diag))
	}
	u = linalg.New(p.H.Rows, p.H.Cols)
	damping, err = p.Damp(ctx, "sparsegpt", cmp.Or(s.DampFrac, DefaultDampFrac), func(damping float64) error {
		copy(u.Data, p.H.Data)
		for j, v := range diag {
			u.Set(j, j, v+damping*mean)
		}
		return linalg.InverseUpperFactorInto(u, u)
	})
	return u, dead, damping, err
}
