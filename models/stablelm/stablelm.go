// Package stablelm declares the StableLM architecture: LLaMA with layer norms and rotation of a part of each head, in
// larger models with attention and the feed-forward block side by side (Bellagente et al. 2024). It registers itself as
// "StableLmForCausalLM".
package stablelm

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "StableLmForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{Eps: "layer_norm_eps"}, Eps: 1e-5,
		KVHeads: 32, MaxPositions: 4096, Rotary: decoder.RotaryDefaults{Partial: 0.25},
	})
	s.Norm.Kind = decoder.LayerNorm
	if f.BoolOr("use_parallel_residual", false) {
		s.Placement = decoder.ParallelOneNorm
	}
	s.Attention.QKVBias = f.BoolOr("use_qkv_bias", false)
	if f.BoolOr("qk_layernorm", false) {
		s.Attention.QKNorm = decoder.QKNormHeadList
	}
	s.Names.QueryNorm, s.Names.KeyNorm = "self_attn.q_layernorm", "self_attn.k_layernorm"
	return s
}
