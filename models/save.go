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
	entries := make([]safetensors.Entry, len(params))
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
		entries[i] = safetensors.Entry{Name: p.Name, DType: dtype, Value: p.InFile(p.Value())}
	}
	return checkpoint.Save(dir, config, entries)
}
