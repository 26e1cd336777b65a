// Package olmo declares the OLMo architectures: the first with norms without weights and clipped queries, keys and
// values (Groeneveld et al. 2024); OLMo 2 with norms behind attention and the feed-forward block, and of queries and keys
// over all heads (OLMo Team 2025); OLMo 3 with a window in three of four layers. It registers itself as
// "OlmoForCausalLM", "Olmo2ForCausalLM" and "Olmo3ForCausalLM".
package olmo

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// The names of the generations in config.json.
const (
	Architecture  = "OlmoForCausalLM"
	Architecture2 = "Olmo2ForCausalLM"
	Architecture3 = "Olmo3ForCausalLM"
)

func init() {
	decoder.RegisterFamily(Architecture, read)
	decoder.RegisterFamily(Architecture2, func(f *models.Fields) *decoder.Spec { return read2(f, Architecture2) })
	decoder.RegisterFamily(Architecture3, read3)
}

// read reads config.json of the first generation.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{})
	s.Norm = decoder.Norm{Kind: decoder.LayerNorm, Eps: 1e-5, NoWeights: true}
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	if f.Has("clip_qkv") {
		s.Attention.Clip = float32(f.PositiveOr("clip_qkv", 0))
	}
	return s
}

// read2 reads config.json of the second generation.
func read2(f *models.Fields, architecture string) *decoder.Spec {
	s := decoder.ReadStandard(f, architecture, decoder.Defaults{Eps: 1e-5})
	s.Placement = decoder.AfterBranch
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	s.Attention.QKNorm = decoder.QKNormFullWidth
	s.Names.AttentionOutNorm, s.Names.MLPOutNorm = "post_attention_layernorm", "post_feedforward_layernorm"
	return s
}

// read3 reads config.json of the third generation. Only its full layers are stretched.
func read3(f *models.Fields) *decoder.Spec {
	s := read2(f, Architecture3)
	sliding := decoder.ReadSliding(f, s.NumLayers, decoder.AllButEvery(4))
	s.Attention.Window = decoder.Windows(sliding, decoder.ReadWindow(f, 4096))
	theta := decoder.RotaryDefaults{Theta: 500000}
	s.Position = decoder.ReadRotaryPair(f, s.Config, theta, theta, sliding)
	return s
}
