package models

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/nn"
)

// Load makes the walked parameters hold float32 values. A parameter that has values keeps them, so pruned
// weights are not lost and shared ones are read once; of weights that LoadStored has left as they are stored
// values are made; all others are read from the checkpoint. A NaN or an infinity is an error that names the
// tensor and the index; after an error the parameters that this call has filled are empty again.
//
//	err := m.Load(m.Layers()[0].Walk)
func (m *Model) Load(walk func(visit func(*nn.Param))) error {
	var filled []*nn.Param
	params := nn.Params(walk)
	for i, p := range params {
		if p.Value() != nil {
			continue
		}
		together := []*nn.Param{p}
		if v := m.View(p); v.To != 0 && !p.Loaded() { // all that the walk has of the tensor, which is read once
			together = slices.DeleteFunc(slices.Clone(params[i:]), func(q *nn.Param) bool { return q.Loaded() || m.View(q).Tensor != v.Tensor })
		}
		for _, q := range together {
			if !q.Loaded() {
				filled = append(filled, q)
			}
		}
		if err := m.read(together); err != nil {
			for _, q := range filled {
				q.Set(nil)
			}
			return fmt.Errorf("model %s: %w", m.Path, err)
		}
	}
	return nil
}

// LoadAll loads the whole model.
func (m *Model) LoadAll() error { return m.Load(m.Walk) }

// Unload drops the values and gradients of the walked parameters.
func (m *Model) Unload(walk func(visit func(*nn.Param))) {
	for _, p := range nn.Params(walk) {
		p.Set(nil)
		p.Grad = nil
	}
}

// read fills the parameters, which are one, or parts of one tensor.
func (m *Model) read(params []*nn.Param) error {
	if p := params[0]; p.Held() != nil {
		return held(p)
	}
	views := make([]View, len(params))
	for i, p := range params {
		views[i] = m.View(p)
	}
	values, err := m.Reader.ReadViews(views[0].Tensor, views)
	if err != nil {
		return err
	}
	for i, p := range params {
		v, t := views[i], values[i]
		// The headers were compared at Open, but the file could have changed since.
		if info, ok := m.Reader.Info(v.Tensor); ok {
			if err := checkHeader(p, v, info); err != nil {
				return err
			}
		}
		if at, ok := t.Finite(); !ok {
			return fmt.Errorf("tensor %q holds %v at index %v", v.Tensor, t.Data()[at], v.Stored(unflatten(at, p.Shape)))
		}
		p.Set(t)
	}
	return nil
}

// held makes values of weights as they are stored, which may be in a mapped file.
func held(p *nn.Param) (err error) {
	defer checkpoint.CatchFault(&err)()
	p.Dense()
	return nil
}

// unflatten turns a row-major offset into an index per dimension.
func unflatten(i int, shape []int) []int {
	index := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		index[d] = i % shape[d]
		i /= shape[d]
	}
	return index
}
