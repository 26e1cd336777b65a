package admm

import (
	"cmp"
	"context"
	"flag"
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Published settings.
const (
	DefaultDampFrac   = 0.1
	DefaultIterations = 20
	DefaultGrowing    = 15
	DefaultPower      = 3
)

// penalty ties X to Z; the columns being normalised, 1 suits every layer.
const penalty = 1

func init() {
	for _, s := range []struct {
		solver  Solver
		summary string
	}{
		{Solver{}, "alternate between a least-squares update and a mask that grows (ADMM of Boža)"},
		{Patient(), "ADMM whose mask is chosen ten times more, most of them with nearly all its zeros"},
	} {
		registry.Solver(s.solver.Describe().Name, s.summary, func(fs *flag.FlagSet) func() (local.Solver, error) {
			s := s.solver
			registry.Positive(fs, &s.DampFrac, "damp", "share `X` of the Hessian's mean diagonal that is added to it")
			return func() (local.Solver, error) { return s, nil }
		})
	}
}

// Solver is ADMM with a growing mask; the zero value has the published settings.
type Solver struct {
	DampFrac   float64 // share of the normalised diagonal added to it; 0: DefaultDampFrac
	Iterations int     // in all; 0: DefaultIterations
	Growing    int     // iterations during which the mask grows, at most all; 0: DefaultGrowing
	Power      int     // of the share of zeros still to come, that the mask grows along; 0: DefaultPower
}

// Patient returns the solver with ten iterations more and a mask that grows along a fifth power: half of its 25 choices
// have 97 % of the zeros at least, so that weights which went early can come back where others make less of them.
func Patient() Solver { return Solver{Iterations: 30, Growing: 25, Power: 5} }

// defaults returns the solver with no setting 0.
func (s Solver) defaults() Solver {
	s.DampFrac = cmp.Or(s.DampFrac, DefaultDampFrac)
	s.Iterations = cmp.Or(max(s.Iterations, 0), DefaultIterations)
	s.Growing = min(cmp.Or(max(s.Growing, 0), DefaultGrowing), s.Iterations)
	s.Power = cmp.Or(max(s.Power, 0), DefaultPower)
	return s
}

// Describe implements local.Solver.
func (s Solver) Describe() local.Description {
	name, patient := "admm", Patient()
	if s.Iterations == patient.Iterations && s.Growing == patient.Growing && s.Power == patient.Power {
		name = "admm-patient"
	}
	s = s.defaults()
	return local.Description{Name: name, Settings: map[string]any{
		"damp": s.DampFrac, "iterations": s.Iterations, "growing": s.Growing, "power": s.Power}}
}

// Needs asks for the Hessian.
func (Solver) Needs() local.Needs { return local.Needs{Hessian: true} }

// Solve prunes and updates. Errors name the tensor: a Hessian that stays indefinite with the largest
// damping, weights that overflow.
func (s Solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	s = s.defaults()
	r := &run{s: s, p: p}
	damping, err := p.Damp(ctx, "admm", s.DampFrac, r.prepare)
	if err != nil {
		return nil, err
	}
	for k := range s.Iterations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.iterate(k)
	}
	r.finish()
	if err := p.CheckFinite("admm", r.x); err != nil {
		return nil, err
	}
	return &local.Solution{W: r.x, Mask: r.mask, Damping: damping}, nil
}

// run is the state of one Solve. All matrices but the inverses are [out, in].
type run struct {
	s       Solver
	p       *local.Problem
	norms   []float64      // d, with 0 for inputs that are always zero
	pull    *linalg.Matrix // T·A
	inverse *linalg.Matrix // (A + I)⁻¹ [in, in]
	x       *linalg.Matrix // X
	sum     *linalg.Matrix // X + U of the last masking
	rhs     *linalg.Matrix // scores, then T·A + Z − U
	last    *linalg.Matrix // T·A + Z − U of the last step, which X solves

	inverse32, delta, change *tensor.Tensor // in float32: the inverse, how far rhs moved, how far X is to move
	mask                     *sparsity.Mask
	sel                      selector
}

// prepare computes everything that the damping enters.
func (r *run) prepare(damping float64) error {
	var a *linalg.Matrix
	a, r.norms = local.Normalised(r.p.H)
	a.AddDiag(damping * a.MeanDiag())
	target := r.p.W.Clone()
	r.rows(func(i int) {
		row := target.Row(i)
		for j, d := range r.norms {
			row[j] *= d
		}
	})
	r.pull = linalg.Mul(target, a)
	a.AddDiag(penalty)
	var err error
	if r.inverse, err = linalg.InverseSPD(a); err != nil {
		return err
	}
	r.inverse32 = r.inverse.Tensor()
	r.x, r.last = target, linalg.Add(r.pull, target) // T·(A + I) is solved by T
	r.delta, r.change = tensor.New(target.Rows, target.Cols), tensor.New(target.Rows, target.Cols)
	r.sum, r.rhs = linalg.New(target.Rows, target.Cols), linalg.New(target.Rows, target.Cols)
	if r.p.Keep != nil {
		r.mask = r.p.Keep.Clone()
	} else {
		r.mask = sparsity.NewMask(target.Rows, target.Cols) // keeps all: U = 0
	}
	return nil
}

// iterate is iteration k, counted from 0.
func (r *run) iterate(k int) {
	choose := r.p.Keep == nil && k < r.s.Growing
	moved := k > 0 && k <= r.s.Growing // by the iteration before
	r.rows(func(i int) { r.addMultipliers(i, moved, choose) })
	if choose {
		r.sel.choose(r.mask, r.rhs, r.p.Pattern, growth(k+1, r.s.Growing, r.s.Power))
	}
	move := k < r.s.Growing
	r.rows(func(i int) { r.projected(i, move) })
	if move {
		tensor.MatMulInto(r.change, r.delta, r.inverse32)
		r.rhs, r.last = r.last, r.rhs
	} else {
		linalg.MulInto(r.x, 1, r.rhs, r.inverse, 0)
	}
}

// growth is the share of the final zeros that are due after the given step of as many.
func growth(step, steps, power int) float64 {
	left, due := 1-float64(step)/float64(steps), 1.0
	for range power {
		due *= left
	}
	return 1 - due
}

// addMultipliers brings row i of sum = X + U up to date, where U is the last sum outside the mask and 0 in it,
// after moving X if it is still to be moved; with scores set it also writes |X + U| to rhs.
func (r *run) addMultipliers(i int, moved, scores bool) {
	x, sum := r.x.Row(i), r.sum.Row(i)
	if moved {
		r.move(i)
	}
	r.mask.RowBits(i).AddSplit(sum, x, sum, 0, 1)
	if scores {
		score := r.rhs.Row(i)
		for j, v := range sum {
			score[j] = math.Abs(v)
		}
	}
}

// move adds the change of the last iteration to row i of X.
func (r *run) move(i int) {
	x := r.x.Row(i)
	for j, v := range r.change.Row(i) {
		x[j] += float64(v)
	}
}

// projected writes row i of T·A + Z − U to rhs, which is T·A plus the sum in the mask and minus it elsewhere. With
// move set it also writes to delta how far that moved.
//
// While the mask grows X is moved by delta·(A + I)⁻¹: what one step changes is small beside X, so that float32 will
// do for it, in half the time. The iterations that follow once the mask has grown solve for X, which takes away what
// that leaves.
func (r *run) projected(i int, move bool) {
	rhs := r.rhs.Row(i)
	r.mask.RowBits(i).AddSplit(rhs, r.pull.Row(i), r.sum.Row(i), penalty, -penalty)
	if move {
		delta, last := r.delta.Row(i), r.last.Row(i)
		for j, v := range rhs {
			delta[j] = float32(v - last[j])
		}
	}
}

// finish makes the weights of X: with U = 0 in the mask, Z is X there.
func (r *run) finish() {
	r.rows(func(i int) {
		if r.s.Growing == r.s.Iterations {
			r.move(i)
		}
		row := r.x.Row(i)
		for j, d := range r.norms {
			if d != 0 {
				row[j] /= d
			} else {
				row[j] = 0
			}
		}
		r.mask.ApplyRow(i, row)
	})
}

// rows calls body for every row, in parallel.
func (r *run) rows(body func(i int)) {
	parallel.For(r.p.W.Rows, max(1, 1<<14/r.p.W.Cols), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			body(i)
		}
	})
}
