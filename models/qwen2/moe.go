package qwen2

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// MixtureArchitecture is the name of the mixture of experts in config.json.
const MixtureArchitecture = "Qwen2MoeForCausalLM"

func init() { decoder.RegisterFamily(MixtureArchitecture, readMixture) }

// readMixture reads config.json of a mixture of experts, one of which all tokens go through. Against the dense models,
// windows are those of every second layer below max_window_layers.
func readMixture(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, MixtureArchitecture, decoder.Defaults{KVHeads: 16, MaxPositions: 32768})
	s.Attention.QKVBias = f.BoolOr("qkv_bias", true)
	if f.BoolOr("use_sliding_window", false) {
		below := f.IntOr("max_window_layers", 28, 0, models.MaxLayers)
		sliding := decoder.ReadSliding(f, s.NumLayers, func(i int) bool { return i%2 == 0 && i < below })
		s.Attention.Window = decoder.Windows(sliding, decoder.ReadWindow(f, 4096))
	}
	s.MLP.Experts = decoder.ReadExperts(f, decoder.Experts{Count: 60, Active: 4, Width: 1408, SharedWidth: 5632})
	s.MLP.Experts.Plain = decoder.ReadPlainLayers(f, s.NumLayers)
	return s
}
