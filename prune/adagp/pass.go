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
		v.at = v.source.prediction()
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
	for _, v := range e.vars {
		if v.given || e.o.Recompute {
			continue
		}
		if i, ok := v.at.Finite(); !ok {
			return fmt.Errorf("variable %s is %v at token %d, feature %d: the updates diverge, try smaller penalties",
				v.name, v.at.Data()[i], row+i/v.width, i%v.width)
		}
	}
	return e.addSums()
}
