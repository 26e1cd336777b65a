package refit

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// LeastSquares returns the weights W* = (C + μ·W)·(H + μ·I)⁻¹ that, from the inputs X of the problem,
// best give the outputs Y of which cross = YᵀX [out, in] is known, held to the problem's weights W by
// μ = ridge·mean(diag H). Solving the problem with W* for W then prunes towards Y. It needs H.
//
// When H + μ·I is not positive definite, the ridge is raised as [local.Problem.Damp] does; the one
// used is returned. Inputs that are zero in all tokens keep their weights, and with H = 0 the result
// is W. Errors name the tensor.
func LeastSquares(ctx context.Context, p *local.Problem, cross *linalg.Matrix, ridge float64) (*linalg.Matrix, float64, error) {
	if cross.Rows != p.W.Rows || cross.Cols != p.W.Cols {
		panic(&tensor.ShapeError{Op: "refit.LeastSquares", Got: []int{cross.Rows, cross.Cols}, Want: []int{p.W.Rows, p.W.Cols}})
	}
	if err := p.Check(local.Needs{Hessian: true}); err != nil {
		return nil, 0, err
	}
	mean := p.H.MeanDiag()
	if mean == 0 {
		return p.W.Clone(), ridge, nil
	}
	var w *linalg.Matrix
	ridge, err := p.Damp(ctx, "least squares", ridge, func(ridge float64) error {
		a := p.H.Clone()
		a.AddDiag(ridge * mean)
		b := cross.T()
		for i := range p.W.Rows {
			for j, v := range p.W.Row(i) {
				b.Data[j*b.Cols+i] += ridge * mean * v
			}
		}
		err := linalg.SolveSPDInPlace(a, b)
		w = b
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	w = w.T()
	if err := p.CheckFinite("least squares", w); err != nil {
		return nil, 0, fmt.Errorf("%w (ridge %.3g)", err, ridge)
	}
	return w, ridge, nil
}

// LeastSquaresBytes is what [LeastSquares] takes for weights [rows, cols] beside the problem, in bytes: the damped Gram
// matrix, in which it is factored, and the weights, also transposed.
func LeastSquaresBytes(rows, cols int) int64 {
	return prune.Float64s(cols, cols) + 2*prune.Float64s(rows, cols)
}
