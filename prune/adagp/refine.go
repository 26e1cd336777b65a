package adagp

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// refineSteps is the number of conjugate gradient steps of a refit on a fixed mask.
const refineSteps = 10

// chainData gives the batches of tokens of a chain: inputs x [tokens, in] and outputs y [tokens, out] to
// reach, bias included.
type chainData struct {
	batches, heldOut int // the last heldOut ones judge; 0: all do
	at               func(b int) (x, y *tensor.Tensor, err error)
}

// refineOptions are the settings of a refiner.
type refineOptions struct {
	epochs             int
	alpha, beta, gamma float64 // penalties, in units of the mean squares of the signals
	ridge              float64
	note               func(step string, value float64)
	log                *slog.Logger
}

// refiner alternates over a chain whose masks are fixed. Nothing per token persists: each pass starts
// the auxiliary variables at what the network with its present weights computes.
type refiner struct {
	*graph
	o       refineOptions
	data    chainData
	dense   map[*link]*linalg.Matrix
	masks   map[*nn.Linear]*sparsity.Mask // of the links that may change
	updates []update
}

// newRefiner prepares the alternation; original are the dense weights.
func newRefiner(ctx context.Context, c *nn.Chain, original map[*nn.Linear]*tensor.Tensor, masks map[*nn.Linear]*sparsity.Mask, data chainData, o refineOptions) (*refiner, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	r := &refiner{graph: newGraph(c, 1, 1, 1), o: o, data: data, dense: map[*link]*linalg.Matrix{}, masks: masks}
	for _, l := range r.links {
		l.frozen = masks[l.Linear] == nil
		r.dense[l] = linalg.FromTensor(original[l.Linear])
	}
	for _, v := range slices.Backward(r.vars) {
		if !v.given && len(v.joins) == 0 {
			r.updates = append(r.updates, &leastSquares{v: v})
		}
	}
	for _, l := range r.links {
		for _, v := range slices.Backward(l.outs) {
			if !v.given && len(v.joins) > 0 {
				r.updates = append(r.updates, chooseRefinement(v))
			}
		}
	}
	return r, r.scale(ctx)
}

// chooseRefinement gives a variable that an activation reads its rule.
func chooseRefinement(v *variable) update {
	u := chooseUpdate(v, &Options{GradientSteps: defaultGradientSteps, GradientRate: defaultGradientRate, Safeguard: true})
	if _, fixed := u.(*descent); fixed && len(v.links) == 0 && len(v.joins) == 1 {
		if i := slices.Index(v.joins[0].in, v); !slices.Contains(v.joins[0].in[i+1:], v) {
			return &gaussNewton{pointwise{v: v, join: v.joins[0], arg: i}}
		}
	}
	return u
}

// scale divides the penalties by the mean squares of the signals they are about, as the dense weights
// make them of the tokens that judge.
func (r *refiner) scale(ctx context.Context) error {
	present := map[*link]*linalg.Matrix{}
	for _, l := range r.links {
		present[l] = l.w
		l.set(r.dense[l])
	}
	squares, counts := map[*variable]float64{}, map[*variable]float64{}
	err := r.judging(ctx, func() {
		for _, v := range r.vars {
			squares[v] += tensor.SumSquares(v.at)
			counts[v] += float64(v.at.Len())
		}
	})
	for _, l := range r.links {
		l.set(present[l])
	}
	unit := func(inner float64, vs ...*variable) float64 {
		weight, sum, n := r.weight(vs[0], inner), 0.0, 0.0
		for _, v := range vs {
			sum, n = sum+squares[v], n+counts[v]
		}
		if sum == 0 {
			return weight
		}
		return weight * n / sum
	}
	for _, l := range r.links {
		l.penalty = unit(r.o.alpha, l.outs...)
	}
	for _, j := range r.joins {
		j.penalty = unit(r.o.gamma, j.out)
	}
	return err
}

// weight is beta for terms of the output.
func (r *refiner) weight(out *variable, inner float64) float64 {
	if out == r.y {
		return r.o.beta
	}
	return inner
}

// judging presents the held-out tokens, or all if there are none, with all variables at what the network
// computes, the output at its target.
func (r *refiner) judging(ctx context.Context, body func()) error {
	if r.data.heldOut > 0 {
		return r.pass(ctx, r.data.batches-r.data.heldOut, r.data.batches, body)
	}
	return r.pass(ctx, 0, r.data.batches, body)
}

// pass presents the tokens of batches [lo, hi) in chunks.
func (r *refiner) pass(ctx context.Context, lo, hi int, body func()) error {
	for b := lo; b < hi; b++ {
		x, y, err := r.data.at(b)
		if err != nil {
			return err
		}
		for at := 0; at < x.Dim(0); at += chunkTokens {
			if err := ctx.Err(); err != nil {
				return err
			}
			end := min(at+chunkTokens, x.Dim(0))
			r.tape.Reset()
			r.x.at, r.y.at = x.Rows(at, end), y.Rows(at, end)
			for _, v := range r.vars {
				if !v.given {
					v.at = prediction(v.source)
				}
			}
			body()
		}
	}
	return nil
}

// error returns ‖y − chain(x)‖² / ‖y‖² on the judging tokens.
func (r *refiner) error(ctx context.Context) (float64, error) {
	var num, den float64
	err := r.judging(ctx, func() {
		num += tensor.SumSquares(tensor.Sub(r.y.at, prediction(r.y.source)))
		den += tensor.SumSquares(r.y.at)
	})
	return relative(num, den), err
}

// run alternates and returns the best weights by the error on the judging tokens; nil when the start
// remains the best.
func (r *refiner) run(ctx context.Context, progress func(float64)) (map[*nn.Linear]*linalg.Matrix, error) {
	best, err := r.error(ctx)
	if err != nil {
		return nil, err
	}
	r.o.note("chain before refinement", best)
	var result map[*nn.Linear]*linalg.Matrix
	for epoch := range r.o.epochs {
		for _, v := range r.vars {
			if err := r.refitReaders(ctx, v); err != nil {
				return nil, fmt.Errorf("refinement epoch %d: %w", epoch+1, err)
			}
		}
		got, err := r.error(ctx)
		if err != nil {
			return nil, err
		}
		r.o.note(fmt.Sprintf("chain refined %d", epoch+1), got)
		progress(float64(epoch+1) / float64(r.o.epochs))
		if !(got < best) {
			continue
		}
		best, result = got, map[*nn.Linear]*linalg.Matrix{}
		for _, l := range r.links {
			if !l.frozen {
				result[l.Linear] = l.w
			}
		}
	}
	return result, nil
}

// refitReaders makes one pass for the links that read v: their targets are the auxiliary variables
// behind them, moved to where the objective wants them, or the output. The tokens that judge are fitted
// to like all others: the weights at the start were as well, and would look too good otherwise.
func (r *refiner) refitReaders(ctx context.Context, v *variable) error {
	var links []*link
	var moved []update
	for _, l := range v.links {
		if l.frozen {
			continue
		}
		links = append(links, l)
		if l.outs[0] != r.y && moved == nil {
			moved = r.behind(v)
		}
	}
	if len(links) == 0 {
		return nil
	}
	for _, u := range moved {
		if err := u.prepare(); err != nil {
			return err
		}
	}
	v.gram = linalg.New(links[0].w.Cols, links[0].w.Cols)
	for _, l := range links {
		l.cross = linalg.New(l.w.Rows, l.w.Cols)
	}
	err := r.pass(ctx, 0, r.data.batches, func() {
		for _, u := range moved {
			u.apply()
		}
		linalg.AddGram(v.gram, v.at)
		for _, l := range links {
			linalg.AddCross(l.cross, l.aim(), v.at)
		}
	})
	if err != nil {
		return err
	}
	for _, l := range links {
		if err := r.refit(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// behind lists the updates of the variables that are computed from v.
func (r *refiner) behind(v *variable) []update {
	reached := map[*variable]bool{v: true}
	for _, w := range r.vars {
		if w.source != nil && slices.ContainsFunc(w.source.inputs(), func(u *variable) bool { return reached[u] }) {
			reached[w] = true
		}
	}
	reached[v] = false
	var us []update
	for _, u := range r.updates {
		if reached[u.variable()] {
			us = append(us, u)
		}
	}
	return us
}

// refit fits a link's weights on its mask: first the least-squares target, then the masked weights
// whose outputs are nearest to the target's. Weights for which no ridge serves stay as they are.
func (r *refiner) refit(ctx context.Context, l *link) error {
	p := &local.Problem{Name: l.Linear.Weight.Name, W: r.dense[l], H: l.in.gram, Pattern: sparsity.Unstructured(0), Log: r.o.log}
	target, ridge, err := refit.LeastSquares(ctx, p, l.cross, r.o.ridge)
	if err == nil {
		f := refit.Fit{H: l.in.gram, C: linalg.Mul(target, l.in.gram), Keep: r.masks[l.Linear], Start: target, Ridge: ridge * l.in.gram.MeanDiag()}
		var w *linalg.Matrix
		if w, err = f.CG(ctx, refineSteps); err == nil {
			l.set(w)
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.o.log.Warn("refinement leaves a matrix as it is", "tensor", p.Name, "cause", err)
	return nil
}

// refine alternates over the layer's chain with the masks that e has chosen.
func (m *plus) refine(ctx context.Context, l *prune.Layer, e *groups) error {
	chain := l.Module.Chain()
	if chain == nil || !slices.ContainsFunc(chain.Links, func(k nn.Link) bool { return e.masks[k.Linear] != nil }) {
		return nil
	}
	data, err := e.chainData(chain)
	if err != nil || data == nil {
		return err
	}
	r, err := newRefiner(ctx, chain, e.original, e.masks, *data, refineOptions{
		epochs: m.RefineEpochs, alpha: m.Alpha, beta: m.Beta, gamma: m.Gamma, ridge: m.Ridge, note: l.Note, log: l.Log,
	})
	if err != nil {
		return err
	}
	share := m.groupShare()
	best, err := r.run(ctx, func(f float64) { l.Progress(prune.StageSolve, share+f*0.5*share*float64(m.RefineEpochs)) })
	if err != nil || best == nil {
		return err
	}
	for _, k := range chain.Links {
		if w := best[k.Linear]; w != nil {
			if err := l.Set(k.Linear, &local.Solution{W: w, Mask: e.masks[k.Linear]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// chainData gives inputs and residual targets of a chain that begins with one group and ends with the
// map of another, which adds to the stream that passes by; nil when it is not like that.
func (e *groups) chainData(c *nn.Chain) (*chainData, error) {
	find := func(variable func(nn.Link) bool) int {
		i := slices.IndexFunc(c.Links, variable)
		if i < 0 {
			return -1
		}
		return slices.IndexFunc(e.list, func(g nn.Group) bool { return slices.Contains(g.Linears, c.Links[i].Linear) })
	}
	first := find(func(l nn.Link) bool { return l.In == nn.Input })
	last := find(func(l nn.Link) bool { return l.Out == nn.Output })
	if first < 0 || last < first || e.list[last].Target != nn.Residual {
		return nil, nil
	}
	if ok, err := e.pruned.passes(first, last); err != nil || !ok {
		return nil, err
	}
	return &chainData{batches: len(e.pruned.input), heldOut: e.o.HeldOut, at: func(b int) (x, y *tensor.Tensor, err error) {
		at, err := e.pruned.reach(b, first)
		if err != nil {
			return nil, nil, err
		}
		if y, err = e.residual(b, last, at.signals[0].Value); err != nil {
			return nil, nil, err
		}
		return e.list[first].Input(e.pruned.context(b), at.signals).Value, y, nil
	}}, nil
}
