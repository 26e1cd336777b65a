package adagp

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/tensor"
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

// note reports the objective after a change of weights, if anybody asked.
func (e *engine) note(ctx context.Context, tag string) error {
	if e.o.Objective == nil {
		return nil
	}
	sum, err := e.objective(ctx)
	if err != nil {
		return err
	}
	e.report(tag, sum)
	return nil
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

// endPruning reports the objective of the epoch, if anybody asked.
func (e *engine) endPruning(ctx context.Context) error {
	if e.o.Epoch == nil {
		return nil
	}
	sum, err := e.objective(ctx)
	if err != nil {
		return err
	}
	e.o.Epoch(e.epoch, sum)
	return nil
}

func (e *engine) report(tag string, j float64) {
	if e.o.Objective != nil {
		e.o.Objective(fmt.Sprintf("%d:%s", e.epoch, tag), j)
	}
}
