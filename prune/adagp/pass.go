package adagp

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/tensor"
)

// chunkTokens is how many tokens are worked on at a time: what the updates need beside stored variables is this
// many rows of each.
const chunkTokens = 1024

// tokens are the calibration tokens of a chain in batches.
type tokens struct {
	rows    []int // of each batch
	heldOut int   // the last so many batches judge; 0: all do
	// at returns the inputs x [rows, in] of a batch and the outputs y [rows, out] that the chain is to have, bias
	// included.
	at func(b int) (x, y *tensor.Tensor, err error)
	// ownOutput says that y is memory for the outputs of the dense chain.
	ownOutput bool
}

// count returns the number of tokens in the first so many batches.
func (t *tokens) count(batches int) (n int) {
	for _, rows := range t.rows[:batches] {
		n += rows
	}
	return n
}

// start gives stored variables the values that they have in the dense network, and the output too unless it was
// given. In the same pass it takes the sums for a first pruning.
func (e *engine) start(ctx context.Context) error {
	o := e.o
	if !o.Recompute && !o.fixed() {
		e.sumFirst(e.phases[0].links)
	}
	goesOn := o.Epochs > 1 || o.fixed() || o.Relative || o.Judge != nil || o.Objective != nil // needs more than these sums
	if goesOn && !o.Recompute {
		e.store()
	}
	if e.sums.wanted() || goesOn && (!o.Recompute || e.tokens.ownOutput) {
		if len(e.tokens.rows) == 0 {
			return fmt.Errorf("no inputs of the chain: want them for more than one epoch, and where Gram matrices are not given")
		}
		err := e.withDense(func() error {
			return e.pass(ctx, 0, false, func(row int) error {
				for _, v := range e.vars {
					if v.source != nil && (!v.given || e.tokens.ownOutput) {
						v.at.CopyFrom(prediction(v.source))
					}
				}
				return e.finishChunk(row)
			})
		})
		if err != nil {
			return err
		}
		for _, l := range e.sums.links { // the output is not what its dense weights make
			e.losses[l] = e.linkLoss(l)
		}
	}
	if o.Relative {
		return e.scale(ctx)
	}
	return nil
}

// store gives memory for all tokens to the variables that some update reads before they are written in the same
// pass, and to all of them when the objective is watched.
func (e *engine) store() {
	written := map[*variable]bool{}
	need := map[*variable]bool{}
	for _, u := range e.updates {
		for _, v := range u.reads() {
			need[v] = need[v] || !written[v]
		}
		written[u.variable()] = true
	}
	for _, v := range e.vars {
		if !v.given && (need[v] || e.o.Objective != nil) {
			v.stored = tensor.New(e.tokens.count(len(e.tokens.rows)), v.width)
		}
	}
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

// judging presents the tokens that judge, with all variables at what the present weights compute and the output
// at its target.
func (e *engine) judging(ctx context.Context, body func()) error {
	from := 0
	if e.tokens.heldOut > 0 {
		from = len(e.tokens.rows) - e.tokens.heldOut
	}
	return e.pass(ctx, from, true, func(int) error { body(); return nil })
}

// pass presents the tokens of all batches from the given one on, chunk by chunk, with the number of the chunk's
// first token. Variables have the values that the present weights compute; or else their stored values, and
// those that are not stored arbitrary ones.
func (e *engine) pass(ctx context.Context, from int, compute bool, body func(row int) error) error {
	row := e.tokens.count(from)
	for b := from; b < len(e.tokens.rows); b++ {
		x, y, err := e.tokens.at(b)
		if err != nil {
			return err
		}
		for lo := 0; lo < x.Dim(0); lo += chunkTokens {
			if err := ctx.Err(); err != nil {
				return err
			}
			hi := min(lo+chunkTokens, x.Dim(0))
			e.tape.Reset()
			e.x.at, e.y.at = x.Rows(lo, hi), y.Rows(lo, hi)
			for _, v := range e.vars {
				if !v.given {
					v.load(row, hi-lo, compute)
				}
			}
			if err := body(row); err != nil {
				return err
			}
			row += hi - lo
		}
	}
	return nil
}

// load points the variable at its values for n tokens from row on.
func (v *variable) load(row, n int, compute bool) {
	switch {
	case compute:
		v.at = prediction(v.source)
	case v.stored != nil:
		v.at = v.stored.Rows(row, row+n)
	default:
		if v.scratch == nil || v.scratch.Dim(0) != n {
			v.scratch = tensor.New(n, v.width)
		}
		v.at = v.scratch
	}
}

// finishChunk adds the chunk at hand to the sums. Variables that persist must be finite.
func (e *engine) finishChunk(row int) error {
	if !e.o.Recompute {
		for _, v := range e.vars {
			if i, ok := v.at.Finite(); !ok && !v.given {
				return fmt.Errorf("variable %s is %v at token %d, feature %d: the updates diverge, try smaller penalties",
					v.name, v.at.Data()[i], row+i/v.width, i%v.width)
			}
		}
	}
	return e.addSums()
}
