package adagp

import (
	"context"
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/tensor/linalg"
)

// linkRate is the published step length of gradient refits, on the mean squared error.
const linkRate = 0.01

// refitWeights fits the weights of some links, one after the other, to the variables at their two ends: the part
// of the objective with W in it is a linear regression.
func (e *engine) refitWeights(ctx context.Context, links []*link) error {
	for _, l := range links {
		if err := ctx.Err(); err != nil {
			return err
		}
		w, err := e.refit(ctx, l)
		if err != nil {
			return fmt.Errorf("refit %s: %w", l.Linear.Name(), err)
		}
		if l.set(w); e.o.fixed() {
			l.solution = &local.Solution{W: w, Mask: e.o.Masks[l.Linear]}
		}
		if err := e.note(ctx, "refit", l); err != nil {
			return err
		}
	}
	return nil
}

// refit returns new weights of a link. With masks to come they are the regression weights, or some gradient
// steps towards them; with masks given, those on the mask whose outputs are nearest to the regression's.
func (e *engine) refit(ctx context.Context, l *link) (*linalg.Matrix, error) {
	if l.steps > 0 {
		_, rows, _ := l.Sizes()
		return gradientRefit(l.w, l.in.gram, l.cross, l.steps, rows*e.tokens.count(len(e.tokens.rows))), nil
	}
	if e.o.fixed() {
		return e.refitOnMask(ctx, l)
	}
	if l.in.gram.MeanDiag() == 0 {
		return l.w, nil // nothing ever enters the link
	}
	if e.o.Ridge == 0 {
		return leastNorm(l.in.gram, l.cross)
	}
	w, _, err := refit.LeastSquares(ctx, e.regression(l, linalg.New(l.w.Rows, l.w.Cols)), l.cross, e.o.Ridge)
	return w, err
}

// regression is the problem of a link's weights, held to those given by a ridge.
func (e *engine) regression(l *link, towards *linalg.Matrix) *local.Problem {
	return &local.Problem{Name: l.Linear.Weight.Name, W: towards, H: l.in.gram, Log: e.o.Log}
}

// maskSteps is the number of conjugate gradient steps of a refit on a fixed mask.
const maskSteps = 10

// refitOnMask first finds the least-squares target, held to the dense weights, then the masked weights whose
// outputs are nearest to the target's. Weights for which no ridge serves stay as they are.
func (e *engine) refitOnMask(ctx context.Context, l *link) (*linalg.Matrix, error) {
	target, ridge, err := refit.LeastSquares(ctx, e.regression(l, l.dense), l.cross, e.o.Ridge)
	if err == nil {
		h := l.in.gram
		f := refit.Fit{H: h, C: linalg.Mul(target, h), Keep: e.o.Masks[l.Linear], Start: target, Ridge: ridge * h.MeanDiag()}
		var w *linalg.Matrix
		if w, err = f.CG(ctx, maskSteps); err == nil {
			return w, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	e.o.Log.Warn("alternation leaves a matrix as it is", "tensor", l.Linear.Weight.Name, "cause", err)
	return l.w, nil
}

// linksMemory is what an engine holds of the links of a chain, in bytes: weights and sums of all, and beside them the
// matrices of the one whose weights are being refitted.
func linksMemory(c *nn.Chain, fixed bool) []prune.Part {
	var weights, update int64
	for _, k := range c.Links {
		rows, cols := k.Linear.Out(), k.Linear.In()
		square, matrix := prune.Float64s(cols, cols), prune.Float64s(rows, cols)
		if fixed {
			// Dense, present and best weights, and in float32 those of the network and of the engine. A target, its
			// products, and in turns what makes them.
			weights += 4 * matrix
			update = max(update, square+max(matrix+refit.LeastSquaresBytes(rows, cols), 2*matrix+refit.CGBytes(rows, cols)))
		} else {
			// Dense and present weights, cross moments and the Gram matrix. Eigenvectors where equations are singular.
			weights += 3*matrix + square
			update = max(update, 4*square+2*matrix)
		}
	}
	return []prune.Part{{What: "weights and products", Bytes: weights}, {What: "matrices of an update", Bytes: update}}
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

// pruneWeights solves the local problems of some links: their present weights, the present values of their
// input.
func (e *engine) pruneWeights(ctx context.Context, links []*link) error {
	for _, l := range links {
		p := &local.Problem{
			Name: l.Linear.Weight.Name, W: l.w, H: l.in.gram, SquaredNorms: l.in.gram.Diag(),
			Pattern: e.o.Pattern(l.Linear), Log: e.o.Log,
		}
		if l.in.more != nil {
			p.More = l.in.more.More
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
		e.noteSum("objective", e.round)
	}
	return nil
}
