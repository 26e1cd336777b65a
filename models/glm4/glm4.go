// Package glm4 declares the GLM-4 architecture of 2025: norms on both sides of attention and of the feed-forward block,
// gate and up in one matrix, and rotation of neighbouring pairs in a half of each head. It registers itself as
// "Glm4ForCausalLM".
package glm4

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "Glm4ForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		KVHeads: 2, HeadDim: 128, MaxPositions: 131072, Eps: 1.5625e-07,
		Rotary: decoder.RotaryDefaults{Partial: 0.5, Interleaved: true},
	})
	s.Placement, s.MLP.Stacked = decoder.Sandwich, true
	s.Attention.QKVBias = f.BoolOr("attention_bias", false)
	n := &s.Names
	n.AttentionOutNorm, n.MLPOutNorm = "post_self_attn_layernorm", "post_mlp_layernorm"
	n.GateUp = "mlp.gate_up_proj"
	return s
}
