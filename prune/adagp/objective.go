package adagp

import (
	"context"
	"fmt"
	"strings"

	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// chunkObjective is the objective's part of the chunk at hand.
func (e *engine) chunkObjective() float64 {
	sum := 0.0
	for _, t := range e.terms {
		r := prediction(t)
		tensor.SubInto(r, t.target().at, r)
		sum += t.weight() * tensor.SumSquares(r)
	}
	return sum
}

// note reports the objective after a change of the weights of l, if anybody asked.
func (e *engine) note(ctx context.Context, update string, l *link) error {
	if e.o.Note != nil {
		e.losses[l] = e.linkLoss(l)
		e.noteSum(l.Linear.Name()[strings.LastIndexByte(l.Linear.Name(), '.')+1:]+" "+update, e.round)
	}
	if e.o.Objective == nil {
		return nil
	}
	sum := 0.0
	err := e.pass(ctx, 0, e.o.Recompute, func(int) error { sum += e.chunkObjective(); return nil })
	e.o.Objective(fmt.Sprintf("%d:%s %s", e.round, update, strings.Join(l.Names(), ",")), sum)
	return err
}

// noteMoves reports the objective after moves of variables, which belong to the round whose weights they follow.
func (e *engine) noteMoves(moves []update, objectives []float64) {
	for i, u := range moves {
		if e.o.Objective != nil {
			e.o.Objective(fmt.Sprintf("%d:%s", e.round-1, u.variable().name), objectives[i])
		}
	}
	if e.o.Note != nil && e.sums.joins && len(moves) > 0 {
		for _, l := range e.links {
			e.losses[l] = e.linkLoss(l)
		}
		e.noteSum("signals", e.round-1)
	}
}

// noteSum reports the sum of the losses.
func (e *engine) noteSum(step string, round int) {
	sum := 0.0
	for _, l := range e.links { // whole ones, whatever their terms
		sum += l.weight() * e.losses[l]
	}
	for _, j := range e.joins {
		sum += j.weight() * e.losses[j]
	}
	e.o.Note(fmt.Sprintf("%s epoch %d", step, round), sum)
}

// linkLoss returns ‖out − b − W·in‖² of a link, all tokens together, from sums. Where there are none with its
// output, the auxiliary variables still have the values that its dense weights give them.
func (e *engine) linkLoss(l *link) float64 {
	switch {
	case l.cross != nil:
		return max(0, refit.Loss(l.w, l.in.gram, l.cross, l.power))
	case l.w == l.dense:
		return 0
	}
	return linalg.QuadForm(linalg.Sub(l.w, l.dense), l.in.gram)
}
