package sparsegpt

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor/linalg"
)

// maxRetries is how often the damping is raised before a Hessian is given up.
const maxRetries = 8

// inverseFactor returns U with UᵀU = (H + damping·mean(diag H)·I)⁻¹, the inputs that are always zero,
// whose diagonal element in H counts as 1, and the damping that it took.
func (s Solver) inverseFactor(ctx context.Context, p *prune.Problem) (u *linalg.Matrix, dead []int, damping float64, err error) {
	diag := p.H.Diag()
	mean := 0.0
	for j, v := range diag {
		if v == 0 {
			dead = append(dead, j)
			diag[j] = 1
		}
		mean += diag[j] / float64(len(diag))
	}
	damping = s.DampFrac
	u = linalg.New(p.H.Rows, p.H.Cols)
	for retry := 0; ; retry++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, 0, err
		}
		copy(u.Data, p.H.Data)
		for j, v := range diag {
			u.Set(j, j, v+damping*mean)
		}
		if err = linalg.InverseUpperFactorInto(u, u); err == nil {
			return u, dead, damping, nil
		}
		if retry == maxRetries {
			return nil, nil, 0, fmt.Errorf("sparsegpt %s: factor the Hessian with damping %.3g, raised %d times: %w", p.Name, damping, retry, err)
		}
		next := max(damping, 1e-8) * 10
		p.Logger().Warn("more damping for a Hessian that is not positive definite",
			"tensor", p.Name, "damping", damping, "next", next, "cause", err)
		damping = next
	}
}
