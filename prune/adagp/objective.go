package adagp

import (
	"context"
	"fmt"
	"strings"

	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// residual returns ‖out − prediction‖² of the chunk at hand.
func (t *term) residual() float64 {
	r := t.prediction()
	tensor.SubInto(r, t.out.at, r)
	return tensor.SumSquares(r)
}

// chunkObjective is the objective's part of the chunk at hand.
func (e *engine) chunkObjective() (sum float64) {
	for _, t := range e.terms() {
		sum += t.penalty * t.residual()
	}
	return sum
}

// note reports the objective after a change of the weights of l, if anybody asked.
func (e *engine) note(ctx context.Context, update string, l *link) error {
	if e.o.Note != nil {
		l.loss = e.linkLoss(l)
		e.noteSum(lastName(l.Linear)+" "+update, e.round)
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
	if e.summingLosses && len(moves) > 0 {
		for _, l := range e.links {
			l.loss = e.linkLoss(l)
		}
		e.noteSum("signals", e.round-1)
	}
}

// noteSum reports the sum of the losses.
func (e *engine) noteSum(step string, round int) {
	sum := 0.0
	for _, l := range e.links {
		sum += l.penalty() * l.loss
	}
	for _, j := range e.joins {
		sum += j.penalty * j.loss
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
