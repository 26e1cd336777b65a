package local

import (
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// Problem is one weight matrix to prune: find Ŵ of the given pattern that keeps the layer's outputs
// on the calibration inputs, that is, keeps tr((Ŵ−W) H (Ŵ−W)ᵀ) small. Solvers treat everything in
// it as read only.
type Problem struct {
	Name         string               // tensor name, for messages
	W            *linalg.Matrix       // dense weights [out, in]
	H            *linalg.Matrix       // XᵀX over the calibration tokens [in, in], unscaled; nil unless the solver needs it
	SquaredNorms []float64            // diagonal of H [in]; nil unless the solver needs it
	Moments      *calib.WindowMoments // moments of the inputs within calibration windows; nil unless the solver needs them
	More         map[string]calib.Sum // statistics of other kinds, by name; those that the solver needs
	RowWeights   []float64            // importance of every output's error [out], see Solve; nil: all equal
	Pattern      sparsity.Pattern     // zeros to make
	Keep         *sparsity.Mask       // a mask chosen before, of which only the values are to be solved for; nil: free
	// Quantize asks for the weights that stay to be rounded to such grids. A solver that can do it while
	// it prunes says so by Solution.Grid; others leave it to whoever called them.
	Quantize *quant.Spec
	Seed     uint64       // of any random choice
	Log      *slog.Logger // nil: silent
}

// Logger returns the problem's logger, or one that discards everything.
func (p *Problem) Logger() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
}

// Check reports whether the problem is sound and holds the statistics in needs. Weights and
// statistics must be finite, the diagonal of H not negative; errors name the tensor and the place.
func (p *Problem) Check(needs Needs) error {
	if p.W == nil || p.W.Rows == 0 || p.W.Cols == 0 {
		return fmt.Errorf("solve %s: no weights", p.Name)
	}
	if p.Keep == nil {
		if err := p.Pattern.Check(); err != nil {
			return fmt.Errorf("solve %s: %w", p.Name, err)
		}
	} else if p.Keep.Rows != p.W.Rows || p.Keep.Cols != p.W.Cols {
		return fmt.Errorf("solve %s: fixed mask of shape [%d %d], want [%d %d]", p.Name, p.Keep.Rows, p.Keep.Cols, p.W.Rows, p.W.Cols)
	}
	if p.Quantize != nil {
		if err := p.Quantize.Check(); err != nil {
			return fmt.Errorf("solve %s: %w", p.Name, err)
		}
	}
	if bad := firstNonFinite(p.W); bad != nil {
		return fmt.Errorf("solve %s: weight [%d %d] is %v", p.Name, bad.Row, bad.Col, bad.Value)
	}
	if needs.Hessian {
		if err := p.checkHessian(); err != nil {
			return err
		}
	}
	if needs.SquaredNorms && p.SquaredNorms == nil && p.H == nil {
		return fmt.Errorf("solve %s: the solver needs the squared norms of the inputs and got none", p.Name)
	}
	if p.SquaredNorms != nil {
		if len(p.SquaredNorms) != p.W.Cols {
			return fmt.Errorf("solve %s: %d squared norms, want %d", p.Name, len(p.SquaredNorms), p.W.Cols)
		}
		for j, v := range p.SquaredNorms {
			if !(v >= 0) || math.IsInf(v, 0) {
				return fmt.Errorf("solve %s: squared norm of input %d is %v: the calibration activations are not finite", p.Name, j, v)
			}
		}
	}
	if needs.WindowMoments && p.Moments == nil {
		return fmt.Errorf("solve %s: the solver needs the moments of the inputs within calibration windows and got none", p.Name)
	}
	for _, k := range needs.More {
		if p.More[k.Name] == nil {
			return fmt.Errorf("solve %s: the solver needs the statistic %q and got none", p.Name, k.Name)
		}
	}
	if err := p.checkMoments(); err != nil {
		return err
	}
	return p.checkRowWeights()
}

func (p *Problem) checkHessian() error {
	c := p.W.Cols
	if p.H == nil {
		return fmt.Errorf("solve %s: the solver needs the Hessian of the inputs and got none", p.Name)
	}
	if p.H.Rows != c || p.H.Cols != c {
		return fmt.Errorf("solve %s: hessian of shape [%d %d], want [%d %d]", p.Name, p.H.Rows, p.H.Cols, c, c)
	}
	if bad := firstNonFinite(p.H); bad != nil {
		return fmt.Errorf("solve %s: hessian element [%d %d] is %v: the calibration activations are not finite", p.Name, bad.Row, bad.Col, bad.Value)
	}
	for j := range c {
		if v := p.H.At(j, j); v < 0 {
			return fmt.Errorf("solve %s: hessian element [%d %d] is %g, want a sum of squares", p.Name, j, j, v)
		}
	}
	return nil
}

func (p *Problem) checkMoments() error {
	if p.Moments == nil {
		return nil
	}
	sums, variances := p.Moments.Sums, p.Moments.Variances
	if len(sums) != p.W.Cols || len(variances) != p.W.Cols {
		return fmt.Errorf("solve %s: window moments of %d and %d inputs, want %d", p.Name, len(sums), len(variances), p.W.Cols)
	}
	for j, v := range variances {
		if !(v >= 0) || v-v != 0 || sums[j]-sums[j] != 0 {
			return fmt.Errorf("solve %s: the windows of input %d sum to %v with variance %v: the calibration activations are not finite", p.Name, j, sums[j], v)
		}
	}
	return nil
}

// InputNorms returns ‖X_j‖², one per input: SquaredNorms when given, else the diagonal of H.
func (p *Problem) InputNorms() []float64 {
	if p.SquaredNorms != nil {
		return p.SquaredNorms
	}
	return p.H.Diag()
}

// Select returns the fixed mask when the problem has one, and otherwise the mask that prunes the
// lowest scores [out, in] within the scope (N:M patterns have a scope of their own, the group). A
// score that is NaN is an error naming the tensor.
func (p *Problem) Select(score *linalg.Matrix, scope sparsity.Scope) (*sparsity.Mask, error) {
	if p.Keep != nil {
		return p.Keep.Clone(), nil
	}
	if !score.Finite() { // infinite ones are fine, but rare
		for k, v := range score.Data {
			if v != v {
				return nil, fmt.Errorf("solve %s: the score of weight [%d %d] is NaN", p.Name, k/score.Cols, k%score.Cols)
			}
		}
	}
	if scope == sparsity.RowScope {
		return sparsity.SelectRows(score, p.Pattern), nil
	}
	return sparsity.SelectLayer(score, p.Pattern), nil
}

// Masked returns the solution that keeps the dense values of the weights the mask keeps.
func (p *Problem) Masked(mask *sparsity.Mask) *Solution {
	w := linalg.New(p.W.Rows, p.W.Cols)
	parallel.Rows(p.W.Rows, p.W.Cols, func(i int) {
		keep, dst := mask.RowBits(i), w.Row(i)
		for j, v := range p.W.Row(i) {
			dst[j] = keep.Kept(j, v)
		}
	})
	return &Solution{W: w, Mask: mask}
}

// firstNonFinite returns the first NaN or Inf of m, nil when there is none.
func firstNonFinite(m *linalg.Matrix) *linalg.NonFiniteError {
	var bad *linalg.NonFiniteError
	errors.As(m.CheckFinite(), &bad)
	return bad
}
