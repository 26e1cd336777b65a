package models

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Save writes a new model folder, which must not exist yet: config.json with the given bytes, and the values
// of all parameters of net in one file, stored as dtype (F32, F16 or BF16). All values must be loaded. The
// configuration must be that of the network: a network that is built from it has to have the same parameters.
func Save(dir string, net CausalLM, config []byte, dtype tensor.DType) error {
	twin, err := Build(config)
	if err != nil {
		return fmt.Errorf("save model %s: its configuration: %w", dir, err)
	}
	params := nn.Params(net.Walk)
	want := nn.Params(twin.Walk)
	if len(want) != len(params) {
		return fmt.Errorf("save model %s: the model has %d parameters, one of its configuration %d", dir, len(params), len(want))
	}
	parts := make([]checkpoint.Part, len(params))
	for i, p := range params {
		if w := want[i]; w.Name != p.Name || !slices.Equal(w.Shape, p.Shape) {
			return fmt.Errorf("save model %s: parameter %q has shape %v, its configuration wants %q with shape %v", dir, p.Name, p.Shape, w.Name, w.Shape)
		}
		if p.Value() == nil || !slices.Equal(p.Value().Shape(), p.Shape) {
			return fmt.Errorf("save model %s: parameter %q has no values of shape %v", dir, p.Name, p.Shape)
		}
		if i, ok := p.Value().Finite(); !ok {
			return fmt.Errorf("save model %s: parameter %q holds %v", dir, p.Name, p.Value().Data()[i])
		}
		parts[i] = checkpoint.Part{View: storedViews(net, p)[0], Value: p.Value()}
	}
	var entries []safetensors.Entry
	err = checkpoint.Assemble(nil, parts, func(name string, t *tensor.Tensor) error {
		entries = append(entries, safetensors.Entry{Name: name, DType: dtype, Value: t})
		return nil
	})
	if err != nil {
		return fmt.Errorf("save model %s: %w", dir, err)
	}
	return checkpoint.Save(dir, config, entries)
}

// Assemble calls put with the stored tensors that parameters belong to, in the layout of the checkpoint, with the
// given values of these parameters; what else a tensor has is read.
func (m *Model) Assemble(params []*nn.Param, value func(i int) *tensor.Tensor, put func(name string, t *tensor.Tensor) error) error {
	parts := make([]checkpoint.Part, len(params))
	for i, p := range params {
		parts[i] = checkpoint.Part{View: m.View(p), Value: value(i)}
	}
	return checkpoint.Assemble(m.Reader, parts, put)
}
