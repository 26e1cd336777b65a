package adagp

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor/linalg"
)

// linkRate is the published step length of gradient refits, on the mean squared error.
const linkRate = 0.01

// refitWeights fits every link's weights, in the order of the declaration, to the auxiliary variables
// at its two ends: the part of the objective with W in it is a linear regression.
func (e *engine) refitWeights(ctx context.Context) error {
	for _, l := range e.links {
		if l.frozen {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.steps > 0 {
			l.set(gradientRefit(l.w, l.in.gram, l.cross, l.steps, e.tokens))
		} else {
			w, err := e.ridgeRefit(l)
			if err != nil {
				return fmt.Errorf("refit %s: %w", l.Linear.Name(), err)
			}
			l.set(w)
		}
		if err := e.note(ctx, "refit", l); err != nil {
			return err
		}
	}
	return nil
}

// gradientRefit takes plain gradient steps on the mean over tokens and outputs of (out − b − W·in)²,
// starting at w; the gradient needs the sums only, (2/(r·n))·(W·gram − cross).
func gradientRefit(w, gram, cross *linalg.Matrix, steps, tokens int) *linalg.Matrix {
	w = w.Clone()
	scale := linkRate * 2 / (float64(w.Rows) * float64(tokens))
	for range steps {
		g := cross.Clone()
		linalg.MulInto(g, -1, w, gram, 1)
		for i, v := range g.Data {
			w.Data[i] += scale * v
		}
	}
	return w
}

// maxRidges is how often the ridge is raised tenfold before a refit is given up.
const maxRidges = 8

// ridgeRefit returns cross · (gram + r·mean(diag gram)·I)⁻¹, the regression weights with ridge r. With
// r = 0 that is cross · gram⁺, the regression weights of least norm.
func (e *engine) ridgeRefit(l *link) (*linalg.Matrix, error) {
	gram, mean := l.in.gram, l.in.gram.MeanDiag()
	if mean == 0 {
		return l.w, nil // nothing ever enters the link
	}
	if e.o.Ridge == 0 {
		return leastNorm(gram, l.cross)
	}
	var err error
	for ridge, try := e.o.Ridge, 0; try < maxRidges; ridge, try = 10*ridge, try+1 {
		a := gram.Clone()
		a.AddDiag(ridge * mean)
		var wt *linalg.Matrix
		if wt, err = linalg.SolveSPD(a, l.cross.T()); err == nil {
			return wt.T(), nil
		}
		e.o.Log.Warn("refit: normal equations are not positive definite, raising the ridge",
			"tensor", l.Linear.Weight.Name, "ridge", ridge, "next", 10*ridge)
	}
	return nil, fmt.Errorf("no success up to a ridge of %g: %w", e.o.Ridge*1e7, err)
}

// wellConditioned is the ratio of smallest to largest pivot of a Cholesky factor above which its
// solutions are trusted: the condition number is then below about 1e10, out of the 1e16 of float64.
const wellConditioned = 1e-5

// leastNorm returns cross · gram⁺ with the Moore–Penrose inverse: by Cholesky when gram is safely
// regular, through its eigenvectors otherwise.
func leastNorm(gram, cross *linalg.Matrix) (*linalg.Matrix, error) {
	if l, err := linalg.Cholesky(gram); err == nil {
		if d := l.Diag(); slices.Min(d) > wellConditioned*slices.Max(d) {
			return linalg.SolveLowerT(l, linalg.SolveLower(l, cross.T())).T(), nil
		}
	}
	const epsilon = 0x1p-52
	inverse, err := linalg.PseudoInverseSym(gram, float64(gram.Rows)*epsilon)
	if err != nil {
		return nil, err
	}
	return linalg.Mul(cross, inverse), nil
}

// pruneWeights solves the local problem of every link: its present weights, the present values of its
// input.
func (e *engine) pruneWeights(ctx context.Context) error {
	for _, l := range e.links {
		if l.frozen {
			continue
		}
		p := &local.Problem{
			Name: l.Linear.Weight.Name, W: l.w, H: l.in.gram, SquaredNorms: l.in.gram.Diag(),
			Pattern: e.o.pattern(l.Linear), Log: e.o.Log,
		}
		s, err := local.Solve(ctx, e.o.Solver, p)
		if err != nil {
			return err
		}
		l.set(s.W)
		l.solution = s
		if err := e.note(ctx, "prune", l); err != nil {
			return err
		}
	}
	if e.o.Note != nil {
		e.noteSum("objective")
	}
	return nil
}
