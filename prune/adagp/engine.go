package adagp

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
)

// engine is the state of one alternation over a chain. A round goes through phases: each takes one pass over
// the tokens, which moves auxiliary variables to where the present weights want them, and then gives the
// weights of some links the values that the variables want. Round 0 prunes the dense weights as they are; with
// fixed masks there is nothing to do in it.
type engine struct {
	*graph
	o             *Options
	tokens        tokens
	updates       []update // of all auxiliary variables, in their order
	phases        []phase
	exact         bool // regressions have no ridge
	summingLosses bool // the next pass adds to the losses of joins
	round         int
}

// phase is one step of a round.
type phase struct {
	moves []update // of auxiliary variables, in the pass before
	links []*link  // whose weights follow
}

// newEngine resolves a checked chain, whose weights need not be loaded.
func newEngine(c *nn.Chain, o *Options) *engine {
	e := &engine{graph: newGraph(c, o.Alpha, o.Beta, o.Gamma), o: o}
	e.exact = o.Ridge == 0 && o.Epochs > 1 && !o.fixed()
	for _, l := range e.links {
		l.frozen = o.Frozen != nil && o.Frozen(l.Linear) || o.fixed() && o.Masks[l.Linear] == nil
		if l.outs[0] == e.y {
			l.steps = o.OutputSteps
		}
	}
	e.updates = e.chooseUpdates()
	e.phases = []phase{{e.updates, free(e.links)}}
	if o.Recompute {
		e.phases = e.oneByOne()
	}
	return e
}

// free returns the links whose weights may change.
func free(links []*link) []*link {
	return slices.DeleteFunc(slices.Clone(links), func(l *link) bool { return l.frozen })
}

// oneByOne makes a phase for each input of links, front to back: variables that are recomputed see the new
// weights in front of them at once. So only those behind the input move, and none when its links lead to the
// output, which is given.
func (e *engine) oneByOne() (phases []phase) {
	for _, in := range e.inputs {
		s := phase{links: free(in.links)}
		if slices.ContainsFunc(s.links, func(l *link) bool { return l.outs[0] != e.y }) {
			behind := e.behind(in.v)
			s.moves = slices.DeleteFunc(slices.Clone(e.updates), func(u update) bool { return !behind[u.variable()] })
		}
		if len(s.links) > 0 {
			phases = append(phases, s)
		}
	}
	return phases
}

// run alternates. It returns the weights after the last round or, where rounds are judged, those of the best
// one: none when the start remains the best.
func (e *engine) run(ctx context.Context) (map[*nn.Linear]*local.Solution, error) {
	for _, l := range e.links {
		l.load(e.o.Dense[l.Linear])
	}
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	first, best := 0, math.Inf(1)
	if e.o.fixed() {
		first = 1
		if err := e.judge(ctx, 0, &best); err != nil {
			return nil, err
		}
	}
	result := map[*nn.Linear]*local.Solution{}
	for e.round = first; e.round < first+e.o.Epochs; e.round++ {
		for i, s := range e.phases {
			if err := e.step(ctx, s); err != nil {
				return nil, fmt.Errorf("epoch %d: %w", e.round, err)
			}
			if e.o.Progress != nil {
				e.o.Progress((float64(e.round-first) + float64(i+1)/float64(len(e.phases))) / float64(e.o.Epochs))
			}
		}
		before := best
		if err := e.judge(ctx, e.round, &best); err != nil {
			return nil, err
		}
		if best < before || e.o.Judge == nil {
			result = e.solutions()
		}
	}
	if e.o.Objective == nil {
		return result, nil
	}
	e.summingLosses = false // nothing but the objective depends on where the variables go last
	return result, e.sweep(ctx, e.updates)
}

// start gives stored variables the values that they have in the dense network, and the output too unless it was
// given. In the same pass it takes the sums for a first pruning.
func (e *engine) start(ctx context.Context) error {
	o := e.o
	if !o.Recompute && !o.fixed() {
		e.sumForPruning(e.phases[0].links)
	}
	goesOn := o.Epochs > 1 || o.fixed() || o.Relative || o.Judge != nil || o.Objective != nil // needs more than these sums
	if goesOn && !o.Recompute {
		for _, v := range e.persistent() {
			v.stored = tensor.New(e.tokens.count(len(e.tokens.rows)), v.width)
		}
	}
	if e.summing() || goesOn && (!o.Recompute || e.tokens.ownOutput) {
		if len(e.tokens.rows) == 0 {
			return fmt.Errorf("no inputs of the chain: want them for more than one epoch, and where Gram matrices are not given")
		}
		err := e.withDense(func() error {
			return e.pass(ctx, 0, false, func(row int) error {
				for _, v := range e.vars {
					if v.source != nil && (!v.given || e.tokens.ownOutput) {
						v.at.CopyFrom(v.source.prediction())
					}
				}
				return e.finishChunk(row)
			})
		})
		if err != nil {
			return err
		}
		for _, l := range e.links {
			if l.cross != nil { // the output is not what its dense weights make
				l.loss = e.linkLoss(l)
			}
		}
	}
	if o.Relative {
		return e.scale(ctx)
	}
	return nil
}

// persistent lists the variables whose values of all tokens are stored: those that some update reads before they are
// written in the same pass, and all of them when the objective is watched.
func (e *engine) persistent() (vs []*variable) {
	written, need := map[*variable]bool{}, map[*variable]bool{}
	for _, u := range e.updates {
		for _, v := range reads(u) {
			need[v] = need[v] || !written[v]
		}
		written[u.variable()] = true
	}
	for _, v := range e.vars {
		if !v.given && (need[v] || e.o.Objective != nil) {
			vs = append(vs, v)
		}
	}
	return vs
}

// variablesMemory is what the variables of a chain take in the published alternation over so many tokens, in bytes.
func variablesMemory(c *nn.Chain, tokens int64) []prune.Part {
	e := newEngine(c, &Options{})
	stored, all := int64(e.x.width+e.y.width), int64(0) // numbers for a token
	for _, v := range e.persistent() {
		stored += int64(v.width)
	}
	for _, l := range e.links {
		all += int64(l.Linear.Out())
	}
	return []prune.Part{
		{What: "variables of all tokens", Bytes: 4 * tokens * stored},
		// Of each variable what it is and was, its prediction, and the gradients of both.
		{What: "a chunk of tokens", Bytes: 4 * min(chunkTokens, tokens) * 5 * all},
	}
}

// step is one phase of a round.
func (e *engine) step(ctx context.Context, s phase) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.round > 0 {
		e.sumForRefit(s.links)
		if err := e.sweep(ctx, s.moves); err != nil {
			return err
		}
		if err := e.refitWeights(ctx, s.links); err != nil {
			return err
		}
	} else if e.o.Recompute { // stored variables have had their sums taken when they got their values
		if e.sumForPruning(s.links); e.summing() {
			if err := e.sweep(ctx, nil); err != nil {
				return err
			}
		}
	}
	if e.o.fixed() {
		return nil
	}
	return e.pruneWeights(ctx, s.links)
}

// sweep goes once over the tokens. In each chunk it moves the given variables, one after the other, and adds to
// the sums.
func (e *engine) sweep(ctx context.Context, moves []update) error {
	for _, u := range moves {
		if err := u.prepare(); err != nil {
			return err
		}
	}
	objectives := make([]float64, len(moves))
	err := e.pass(ctx, 0, e.o.Recompute, func(row int) error {
		for i, u := range moves {
			u.apply()
			if e.o.Objective != nil {
				objectives[i] += e.chunkObjective()
			}
		}
		return e.finishChunk(row)
	})
	if err != nil {
		return err
	}
	e.noteMoves(moves, objectives)
	return nil
}

// solutions returns the present weights of the links that may change.
func (e *engine) solutions() map[*nn.Linear]*local.Solution {
	solutions := map[*nn.Linear]*local.Solution{}
	for _, l := range free(e.links) {
		solutions[l.Linear] = l.solution
	}
	return solutions
}

// judge tells Judge the error ‖y − chain(x)‖² / ‖y‖² of the present weights on the tokens that judge, and
// lowers best to it.
func (e *engine) judge(ctx context.Context, round int, best *float64) error {
	if e.o.Judge == nil {
		return nil
	}
	var num, den float64
	err := e.judging(ctx, func() {
		num += tensor.SumSquares(tensor.Sub(e.y.at, e.y.source.prediction()))
		den += tensor.SumSquares(e.y.at)
	})
	if err != nil {
		return err
	}
	e.o.Judge(round, relative(num, den))
	*best = min(*best, relative(num, den))
	return nil
}

// scale divides the penalties by the mean squares of the signals they are about, as the dense weights
// make them of the tokens that judge.
func (e *engine) scale(ctx context.Context) error {
	squares, counts := map[*variable]float64{}, map[*variable]float64{}
	err := e.withDense(func() error {
		return e.judging(ctx, func() {
			for _, v := range e.vars {
				squares[v] += tensor.SumSquares(v.at)
				counts[v] += float64(v.at.Len())
			}
		})
	})
	divide := func(terms ...*term) { // by the mean over all of them
		sum, n := 0.0, 0.0
		for _, t := range terms {
			sum, n = sum+squares[t.out], n+counts[t.out]
		}
		for _, t := range terms {
			if sum > 0 {
				t.penalty = t.penalty * n / sum
			}
		}
	}
	for _, l := range e.links {
		divide(l.terms...)
	}
	for _, j := range e.joins {
		divide(j.term)
	}
	return err
}

// withDense runs body with the dense weights in place.
func (e *engine) withDense(body func() error) error {
	for _, l := range e.links {
		if present := l.w; present != l.dense {
			l.set(l.dense)
			defer l.set(present)
		}
	}
	return body()
}
