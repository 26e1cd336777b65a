package prune

import (
	"fmt"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// put hands pruned matrices to the sink, if there is one, in the layout of the model's files.
func (r *run) put(linears []*nn.Linear, weights func(*nn.Linear) *tensor.Tensor) error {
	if r.out == nil {
		return nil
	}
	params := make([]*nn.Param, len(linears))
	for i, lin := range linears {
		params[i] = lin.Weight
	}
	return r.model.Assemble(params, func(i int) *tensor.Tensor { return weights(linears[i]) }, r.out.Put)
}

// putBefore returns a matrix that an interrupted run has put; sums are its checksums.
func (r *run) putBefore(p *nn.Param, sums map[string]string) (*tensor.Tensor, error) {
	v := r.model.View(p)
	t, err := r.keeper.Stored(v.Tensor, sums[v.Tensor])
	if err == nil {
		t, err = v.Of(t)
	}
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	return t, nil
}
