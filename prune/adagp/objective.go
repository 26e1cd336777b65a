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
		e.noteSum(l.Linear.Name()[strings.LastIndexByte(l.Linear.Name(), '.')+1:] + " " + update)
	}
	if e.o.Objective == nil {
		return nil
	}
	sum, err := e.objective(ctx)
	if err != nil {
		return err
	}
	e.report(update+" "+strings.Join(l.Names(), ","), sum)
	return nil
}

// noteSum reports the sum of the losses.
func (e *engine) noteSum(step string) {
	sum := 0.0
	for _, l := range e.links { // whole ones, whatever their terms
		sum += l.weight() * e.losses[l]
	}
	for _, j := range e.joins {
		sum += j.weight() * e.losses[j]
	}
	e.o.Note(fmt.Sprintf("%s epoch %d", step, e.epoch), sum)
}

// linkLoss returns ‖out − b − W·in‖² of a link, all tokens together, from sums. Where there are none with its
// output, the auxiliary variables still have the values that its dense weights give them.
func (e *engine) linkLoss(l *link) float64 {
	switch {
	case l.cross != nil:
		return max(0, refit.Loss(l.w, l.in.gram, l.cross, l.power))
	case l.w == l.start:
		return 0
	}
	return linalg.QuadForm(linalg.Sub(l.w, l.start), l.in.gram)
}

// objective goes over the tokens and returns the objective with the present weights.
func (e *engine) objective(ctx context.Context) (sum float64, err error) {
	for lo := 0; lo < e.tokens; lo += chunkTokens {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		e.load(lo, min(lo+chunkTokens, e.tokens))
		sum += e.chunkObjective()
	}
	return sum, nil
}

func (e *engine) report(tag string, j float64) {
	if e.o.Objective != nil {
		e.o.Objective(fmt.Sprintf("%d:%s", e.epoch, tag), j)
	}
}
