// Package gpt2 declares the GPT-2 architecture: learned positions, layer norms, a feed-forward block without a gate, and
// matrices that files store as [in, out], that of queries, keys and values in one (Radford et al. 2019). It registers
// itself as "GPT2LMHeadModel".
package gpt2

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "GPT2LMHeadModel"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{
			Hidden: "n_embd", Intermediate: "n_inner", Layers: "n_layer", Heads: "n_head", Positions: "n_positions",
			Eps: "layer_norm_epsilon", Activation: "activation_function",
		},
		MaxPositions: 1024, FourTimes: true, Unrotated: true, Eps: 1e-5, Activation: "gelu_new", Tied: true,
	})
	s.Names = names()
	s.Norm.Kind, s.Transposed = decoder.LayerNorm, true
	s.Position.Kind = decoder.Learned
	s.Attention = decoder.Attention{Layout: decoder.Stacked, QKVBias: true, OutputBias: true}
	s.MLP = decoder.MLP{InBias: true, OutBias: true}
	if !f.BoolOr("scale_attn_weights", true) {
		s.Attention.Scale = 1
	}
	if f.BoolOr("scale_attn_by_inverse_layer_idx", false) {
		f.Fail("scale_attn_by_inverse_layer_idx", "factors of the scores that differ between layers are not supported, want false")
	}
	return s
}

// names are those that newer checkpoints have; the published ones leave out the prefix, and hold masks.
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "transformer.wte",
		Positions:     "transformer.wpe",
		Layer:         "transformer.h.%d",
		AttentionNorm: "ln_1",
		QueryKeyValue: "attn.c_attn",
		Output:        "attn.c_proj",
		MLPNorm:       "ln_2",
		Up:            "mlp.c_fc",
		Down:          "mlp.c_proj",
		FinalNorm:     "transformer.ln_f",
		Head:          "lm_head",
		Prefix:        "transformer.",
		OtherPrefixes: []string{""},
		Ignore:        []string{".attn.bias", ".attn.masked_bias"},
	}
}
