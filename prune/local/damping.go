package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/adagp/adagp/tensor/linalg"
)

// maxDampings is how often the damping is raised before a matrix is given up.
const maxDampings = 8

// Damp calls factor with the damping given, and while that fails because a matrix is not positive
// definite, with ten times more (from 1e-7 on), up to 8 times. Every raise is logged. It returns the
// damping that did it; errors name the solver and the tensor.
func (p *Problem) Damp(ctx context.Context, solver string, damping float64, factor func(damping float64) error) (float64, error) {
	for raised := 0; ; raised++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		err := factor(damping)
		if err == nil {
			return damping, nil
		}
		if trouble := (*linalg.NotPositiveDefiniteError)(nil); raised == maxDampings || !errors.As(err, &trouble) {
			return 0, fmt.Errorf("%s %s: factor the Hessian with damping %.3g, raised %d times: %w", solver, p.Name, damping, raised, err)
		}
		next := max(damping, 1e-8) * 10
		p.Logger().Warn("more damping for a Hessian that is not positive definite",
			"tensor", p.Name, "solver", solver, "damping", damping, "next", next, "cause", err)
		damping = next
	}
}

// CheckFinite returns an error that names the solver, the tensor and the place if one of the weights
// w [out, in] that the solver came to is NaN or Inf. It wraps a *linalg.NonFiniteError.
func (p *Problem) CheckFinite(solver string, w *linalg.Matrix) error {
	if bad := firstNonFinite(w); bad != nil {
		return fmt.Errorf("%s %s: weight [%d %d] became %v; more damping may help: %w", solver, p.Name, bad.Row, bad.Col, bad.Value, bad)
	}
	return nil
}
