package calib

import (
	"fmt"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Recorder is an nn.Observer that keeps the whole input of chosen layers, batch after batch, in one
// tensor each: tokens × width × 4 bytes.
type Recorder struct {
	tokens  int
	records map[*nn.Linear]*record
	err     error
}

type record struct {
	values *tensor.Tensor // [tokens, in], filled up to rows
	rows   int
}

// NewRecorder returns a recorder of the inputs of the given layers in a run over the given number of
// tokens.
func NewRecorder(tokens int, layers ...*nn.Linear) *Recorder {
	r := &Recorder{tokens: tokens, records: make(map[*nn.Linear]*record, len(layers))}
	for _, l := range layers {
		r.records[l] = &record{}
	}
	return r
}

// Observe implements nn.Observer.
func (r *Recorder) Observe(l *nn.Linear, x, _ *tensor.Tensor) {
	rec := r.records[l]
	if rec == nil || r.err != nil {
		return
	}
	x = x.View(tensor.AnyDim, x.Dim(-1))
	n := x.Dim(0)
	if rec.rows+n > r.tokens {
		r.err = fmt.Errorf("layer %s: more activations than the %d tokens announced", l.Name(), r.tokens)
		return
	}
	if i, ok := x.Finite(); !ok {
		r.err = fmt.Errorf("layer %s: %w", l.Name(), nonFinite(x, i, rec.rows))
		return
	}
	if rec.values == nil {
		rec.values = tensor.New(r.tokens, x.Dim(1))
	}
	rec.values.Rows(rec.rows, rec.rows+n).CopyFrom(x)
	rec.rows += n
}

// Inputs returns the inputs of l [tokens, in]. It is an error if one was not finite (the message
// names the layer), or if the layer saw other than the announced number of tokens.
func (r *Recorder) Inputs(l *nn.Linear) (*tensor.Tensor, error) {
	rec := r.records[l]
	switch {
	case r.err != nil:
		return nil, r.err
	case rec == nil:
		return nil, fmt.Errorf("layer %s: its inputs were not asked for", l.Name())
	case rec.rows != r.tokens:
		return nil, fmt.Errorf("layer %s: activations of %d tokens, want %d", l.Name(), rec.rows, r.tokens)
	}
	return rec.values, nil
}
