package sparsegpt

import (
	"cmp"
	"context"
	"flag"
	"sync"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// Settings of the published code.
const (
	DefaultBlockSize = 128
	DefaultDampFrac  = 0.01
)

func init() {
	registry.Solver("sparsegpt", "drop weights column by column and compensate the rest through the inverse Hessian",
		func(fs *flag.FlagSet) func() (local.Solver, error) {
			s := Solver{DampFrac: DefaultDampFrac}
			registry.Count(fs, &s.BlockSize, "block-size", "columns `N` that are handled before the rest is updated, 128 if not set")
			registry.Positive(fs, &s.DampFrac, "damp", "share `X` of the Hessian's mean diagonal that is added to it")
			return func() (local.Solver, error) { return s, nil }
		})
}

// Solver is SparseGPT; the zero value has the published settings.
type Solver struct {
	// BlockSize is the number of columns per block, which N:M patterns round up to whole groups; 0 is
	// DefaultBlockSize, rounded down to whole groups.
	BlockSize int
	DampFrac  float64 // share of the mean diagonal of H added to the diagonal; 0: DefaultDampFrac
}

// Describe implements local.Solver.
func (s Solver) Describe() local.Description {
	return local.Description{Name: "sparsegpt", Settings: map[string]any{
		"block_size": cmp.Or(s.BlockSize, DefaultBlockSize), "damp": cmp.Or(s.DampFrac, DefaultDampFrac)}}
}

// Needs asks for the Hessian.
func (Solver) Needs() local.Needs { return local.Needs{Hessian: true} }

// Solve prunes and compensates, and rounds to grids in the same pass if the problem asks for it. A fixed mask (Problem.Keep) is kept as it is.
//
// Errors name the tensor: a Hessian that stays indefinite with the largest damping, weights that
// overflow.
func (s Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	u, dead, damping, err := s.inverseFactor(ctx, p)
	if err != nil {
		return nil, err
	}
	r := newRun(p, u, dead)
	if err := r.blocks(ctx, s.blockSize(p)); err != nil {
		return nil, err
	}
	return &local.Solution{W: r.w, Mask: r.mask, Damping: damping, Grid: r.grid}, nil
}

// blockSize returns the width of the blocks: no wider than the matrix, and whole groups.
func (s Solver) blockSize(p *local.Problem) int {
	m := 1
	if p.Keep == nil && p.Pattern.Structured() {
		m = p.Pattern.M
	}
	b := s.BlockSize
	if b < 1 {
		b = max(DefaultBlockSize/m, 1) * m
	}
	return (min(b, p.W.Cols) + m - 1) / m * m
}

// run is the state of one Solve.
type run struct {
	p    *local.Problem
	u    *linalg.Matrix // UᵀU = (H + damping)⁻¹ [in, in]
	w    *linalg.Matrix // current weights [out, in]
	mask *sparsity.Mask
	diag []float64   // diagonal of u
	grid *quant.Grid // of the weights that stay; nil: they are not rounded

	tiles  sync.Pool      // of *tile
	scores *linalg.Matrix // scores of the block at hand [out, B], for unstructured patterns
	sel    sparsity.Selector
}

func newRun(p *local.Problem, u *linalg.Matrix, dead []int) *run {
	r := &run{p: p, u: u, w: p.W.Clone(), diag: u.Diag()}
	for i := range r.w.Rows {
		row := r.w.Row(i)
		for _, j := range dead {
			row[j] = 0
		}
	}
	if p.Quantize != nil {
		r.grid = quant.New(*p.Quantize, p.W.Rows, p.W.Cols)
	}
	if p.Keep != nil {
		r.mask = p.Keep.Clone()
	} else {
		r.mask = sparsity.NewMask(p.W.Rows, p.W.Cols)
	}
	return r
}

// blocks runs over the column blocks of width b.
func (r *run) blocks(ctx context.Context, b int) error {
	rows, cols := r.w.Rows, r.w.Cols
	var scores []float64
	unstructured := r.p.Keep == nil && !r.p.Pattern.Structured()
	if unstructured {
		scores = make([]float64, rows*b)
	}
	for i1, i2 := 0, 0; i1 < cols; i1 = i2 {
		if err := ctx.Err(); err != nil {
			return err
		}
		i2 = r.blockEnd(i1, b)
		if unstructured {
			r.scores = linalg.FromSlice(scores[:rows*(i2-i1)], rows, i2-i1)
			r.selectBlock(i1)
		}
		r.compensate(i1, i2)
	}
	return r.p.CheckFinite("sparsegpt", r.w)
}

// selectBlock prunes the lowest scores of the block that starts at column i1.
func (r *run) selectBlock(i1 int) {
	width := r.scores.Cols
	parallel.Rows(r.w.Rows, width, func(i int) {
		dst := r.scores.Row(i)
		for j, v := range r.w.Row(i)[i1 : i1+width] {
			q := v / r.diag[i1+j]
			dst[j] = q * q
		}
	})
	n := r.w.Rows
	r.sel.Block(r.mask, i1, r.scores, r.p.Pattern.Count(n*(i1+width))-r.p.Pattern.Count(n*i1))
}
