// Package smollm3 declares the SmolLM3 architecture: LLaMA of which some layers, by default every fourth, do not rotate
// queries and keys (Bakouch et al. 2025; Yang et al. 2025, "Rope to Nope and Back Again"). It registers itself as
// "SmolLM3ForCausalLM".
package smollm3

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "SmolLM3ForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		KVHeads: 4, MaxPositions: 32768, Tied: true, Rotary: decoder.RotaryDefaults{Theta: 2e6},
	})
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	bias = f.BoolOr("mlp_bias", false)
	s.MLP.InBias, s.MLP.OutBias = bias, bias
	s.Position.PerLayer = readRotated(f, s.NumLayers)
	if f.BoolOr("use_sliding_window", false) {
		// Files without layer_types have the window where nothing is rotated.
		sliding := decoder.ReadSliding(f, s.NumLayers, func(i int) bool { return s.Position.PerLayer[i] < 0 })
		s.Attention.Window = decoder.Windows(sliding, decoder.ReadWindow(f, 0))
	}
	return s
}

// readRotated returns 0 for layers that rotate and -1 for the others. In no_rope_layers, against its name, 1 stands for
// a layer that does.
func readRotated(f *models.Fields, layers int) []int {
	rotated := make([]int, layers)
	if !f.Has("no_rope_layers") {
		every := decoder.AllButEvery(f.IntOr("no_rope_layer_interval", 4, 1, models.MaxLayers))
		for i := range rotated {
			if !every(i) {
				rotated[i] = -1
			}
		}
		return rotated
	}
	list := f.Ints("no_rope_layers")
	if len(list) < layers { // more are allowed
		f.Fail("no_rope_layers", "%d values, want one for each of %d layers", len(list), layers)
		return rotated
	}
	for i := range rotated {
		if list[i] == 0 {
			rotated[i] = -1
		}
	}
	return rotated
}
