package qwen3

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// MixtureArchitecture is the name of the mixture of experts in config.json.
const MixtureArchitecture = "Qwen3MoeForCausalLM"

func init() { decoder.RegisterFamily(MixtureArchitecture, readMixture) }

// readMixture reads config.json of a mixture of experts. A window is one of all layers.
func readMixture(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, MixtureArchitecture, decoder.Defaults{KVHeads: 4, MaxPositions: 32768})
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	s.Attention.QKNorm = decoder.QKNormPerHead
	if f.BoolOr("use_sliding_window", false) {
		s.Attention.Window = decoder.Windows(decoder.Sliding(s.NumLayers, decoder.EveryLayer), decoder.ReadWindow(f, 4096))
	}
	s.MLP.Experts = decoder.ReadExperts(f, decoder.Experts{Count: 128, Active: 8, Width: 768})
	s.MLP.Experts.Plain = decoder.ReadPlainLayers(f, s.NumLayers)
	return s
}
