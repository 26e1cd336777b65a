package alps

import (
	"context"
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// run is the state of one Solve. Matrices are [out, in] unless noted.
type run struct {
	p            *local.Problem
	norms        []float64      // d
	gram         *linalg.Matrix // A [in, in]
	eigenvalues  []float64
	eigenvectors *linalg.Matrix // [in, in]
	pull         *linalg.Matrix // T·A

	b    *linalg.Matrix // B
	sum  *linalg.Matrix // S = B + V/ρ, which is D where mask keeps and V/ρ elsewhere
	mask *sparsity.Mask // of D
	// carry is what V/ρ of the last iteration has to be multiplied by since ρ has changed.
	carry float64

	rhs, score       *linalg.Matrix // T·A − V + ρ·D, then |S|; the same memory
	inverse, scratch *linalg.Matrix // (A + ρ·I)⁻¹ [in, in]
	sel              sparsity.Selector
}

// search finds the mask, and leaves the weights that the refit starts from in b.
func (r *run) search(ctx context.Context) error {
	rows, cols := r.b.Rows, r.b.Cols
	r.sum, r.rhs = linalg.New(rows, cols), linalg.New(rows, cols)
	r.score = r.rhs
	r.inverse, r.scratch = linalg.New(cols, cols), linalg.New(cols, cols)
	r.mask = sparsity.NewMask(rows, cols)
	r.top(r.b, r.mask)
	first := r.mask.Clone()
	r.restart(first)

	rule := newRule(r.p, first)
	r.factor(rule.rho)
	for it := range maxIterations {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.iterate(rule.rho)
		if (it+1)%checkEvery != 0 {
			continue
		}
		rho := rule.rho
		restart, stop := rule.check(it, r.mask)
		if restart {
			r.restart(first)
		}
		if stop {
			break
		}
		if rule.rho != rho {
			r.carry = rho / rule.rho
			r.factor(rule.rho)
		}
	}
	r.top(r.b, r.mask)
	// What follows works on b, pull and gram alone.
	r.sum, r.rhs, r.score, r.inverse, r.scratch, r.eigenvectors, r.sel = nil, nil, nil, nil, nil, nil, sparsity.Selector{}
	return nil
}

// restart puts B = T, D = T in the given mask, V = 0.
func (r *run) restart(mask *sparsity.Mask) {
	r.startAt(r.b)
	r.startAt(r.sum)
	r.rows(func(i int) { mask.ApplyRow(i, r.sum.Row(i)) })
	r.mask.CopyFrom(mask)
	r.carry = 1
}

// factor computes the inverse for the penalty rho.
func (r *run) factor(rho float64) {
	inverses := make([]float64, len(r.eigenvalues))
	for k, v := range r.eigenvalues {
		inverses[k] = 1 / (v + rho)
	}
	linalg.FromEigen(r.inverse, r.scratch, r.eigenvectors, inverses)
}

// iterate updates B, D and V with the penalty rho.
func (r *run) iterate(rho float64) {
	carry := r.carry
	r.rows(func(i int) {
		r.mask.RowBits(i).AddSplit(r.rhs.Row(i), r.pull.Row(i), r.sum.Row(i), rho, -rho*carry)
	})
	linalg.MulInto(r.b, 1, r.rhs, r.inverse, 0)
	r.rows(func(i int) {
		sum, score := r.sum.Row(i), r.score.Row(i)
		r.mask.RowBits(i).AddSplit(sum, r.b.Row(i), sum, 0, carry)
		for j, v := range sum {
			score[j] = math.Abs(v)
		}
	})
	r.sel.Layer(r.mask, r.score, r.p.Pattern)
	r.carry = 1
}

// top makes mask keep the largest absolute values of w.
func (r *run) top(w *linalg.Matrix, mask *sparsity.Mask) {
	r.rows(func(i int) {
		score := r.score.Row(i)
		for j, v := range w.Row(i) {
			score[j] = math.Abs(v)
		}
	})
	r.sel.Layer(mask, r.score, r.p.Pattern)
}

// rows calls body for every row, in parallel.
func (r *run) rows(body func(i int)) {
	parallel.For(r.p.W.Rows, max(1, 1<<14/r.p.W.Cols), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			body(i)
		}
	})
}
