package olmo

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// MixtureArchitecture is the name of the mixture of experts, OLMoE, in config.json.
const MixtureArchitecture = "OlmoeForCausalLM"

func init() { decoder.RegisterFamily(MixtureArchitecture, readMixture) }

// readMixture reads config.json of OLMoE (Muennighoff et al. 2025), in which the intermediate size is that of an expert.
func readMixture(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, MixtureArchitecture, decoder.Defaults{MaxPositions: 4096, Eps: 1e-5})
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	s.Attention.QKNorm = decoder.QKNormFullWidth
	if f.Has("clip_qkv") {
		s.Attention.Clip = float32(f.PositiveOr("clip_qkv", 0))
	}
	s.MLP.Experts = decoder.ReadExperts(f, decoder.Experts{Count: 64, Active: 8, Width: s.IntermediateSize})
	return s
}
