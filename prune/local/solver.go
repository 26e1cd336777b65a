package local

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// Needs says which statistics a solver wants in its [Problem].
type Needs = calib.Needs

// Description is what a solver says of itself, for reports, and for telling whether two runs are the same.
type Description struct {
	Name     string         // as it is registered
	Settings map[string]any // all that its results depend on, after defaults; nil: none
}

// A Solver prunes one weight matrix. Implementations are stateless between calls and may be used
// from several goroutines at once.
type Solver interface {
	Describe() Description
	// Needs says which statistics Solve reads from the problem; others may be missing.
	Needs() Needs
	// Solve chooses a mask of the problem's pattern and the values of the weights that stay. The
	// problem is read only. Numerical trouble is an error that names the tensor, never a solution
	// with NaN or Inf in it. A cancelled context ends the work soon with the context's error.
	Solve(ctx context.Context, p *Problem) (*Solution, error)
}

// Solution is a solver's answer.
type Solution struct {
	W       *linalg.Matrix // new weights [out, in], zero wherever Mask says pruned
	Mask    *sparsity.Mask // true = kept
	Damping float64        // fraction of the mean diagonal that was really added; 0 when none was needed
	Grid    *quant.Grid    // grids that the weights are on; nil: none
}

// Solve runs s on p with the checks that every caller wants: the problem must be sound before and
// the solution after (finite, shaped as W, zeros as the pattern or the fixed mask demands). Errors
// name the tensor.
//
// With Problem.RowWeights the rows compete, and errors count, as the weights say, whatever the
// solver: it is given the rows scaled by [RowScales], and its result is scaled back, which is no place for grids:
// Problem.Quantize is not passed on then.
func Solve(ctx context.Context, s Solver, p *Problem) (*Solution, error) {
	if err := p.Check(s.Needs()); err != nil {
		return nil, err
	}
	solve := s.Solve
	if p.RowWeights != nil {
		solve = func(ctx context.Context, p *Problem) (*Solution, error) { return solveWeighted(ctx, s, p) }
	}
	sol, err := solve(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := sol.Check(p); err != nil {
		return nil, err
	}
	return sol, nil
}

// Check reports whether the solution answers p: shapes, finite weights, every pruned weight zero,
// and the number of pruned weights that the pattern asks for (or the very mask, when it was fixed).
func (s *Solution) Check(p *Problem) error {
	r, c := p.W.Rows, p.W.Cols
	if s == nil || s.W == nil || s.Mask == nil {
		return fmt.Errorf("solve %s: the solver returned no weights or no mask", p.Name)
	}
	if s.W.Rows != r || s.W.Cols != c {
		return fmt.Errorf("solve %s: the solver returned weights of shape [%d %d], want [%d %d]", p.Name, s.W.Rows, s.W.Cols, r, c)
	}
	if s.Mask.Rows != r || s.Mask.Cols != c {
		return fmt.Errorf("solve %s: the solver returned a mask of shape [%d %d], want [%d %d]", p.Name, s.Mask.Rows, s.Mask.Cols, r, c)
	}
	if bad := firstNonFinite(s.W); bad != nil {
		return fmt.Errorf("solve %s: the solver returned %v at [%d %d]", p.Name, bad.Value, bad.Row, bad.Col)
	}
	for i := range r {
		if j := s.Mask.RowBits(i).FirstPruned(s.W.Row(i)); j >= 0 {
			return fmt.Errorf("solve %s: weight [%d %d] is pruned by the mask but has the value %g", p.Name, i, j, s.W.At(i, j))
		}
	}
	if s.Grid != nil {
		if err := s.Grid.Check(s.W); err != nil {
			return fmt.Errorf("solve %s: %w", p.Name, err)
		}
	}
	if p.Keep != nil {
		if !s.Mask.Equal(p.Keep) {
			return fmt.Errorf("solve %s: the solver changed the fixed mask", p.Name)
		}
		return nil
	}
	if err := p.Pattern.Verify(s.Mask); err != nil {
		return fmt.Errorf("solve %s: %w", p.Name, err)
	}
	return nil
}
