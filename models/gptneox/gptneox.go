// Package gptneox declares the GPT-NeoX architecture, that of Pythia: attention and a feed-forward block without a gate
// side by side behind a norm each, queries, keys and values of each head in one matrix, and rotation of a part of each
// head (Black et al. 2022, Biderman et al. 2023). It registers itself as "GPTNeoXForCausalLM".
package gptneox

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "GPTNeoXForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{Eps: "layer_norm_eps"}, Eps: 1e-5, Activation: "gelu",
		Rotary: decoder.RotaryDefaults{ThetaName: "rotary_emb_base", Partial: 0.25, PartialName: "rotary_pct"},
	})
	s.Names = names()
	s.Norm.Kind = decoder.LayerNorm
	if f.BoolOr("use_parallel_residual", true) {
		s.Placement = decoder.ParallelTwoNorm
	}
	bias := f.BoolOr("attention_bias", true)
	s.Attention = decoder.Attention{Layout: decoder.PerHead, QKVBias: bias, OutputBias: bias}
	s.MLP = decoder.MLP{InBias: true, OutBias: true}
	return s
}

// names are those of the published checkpoints, some of which hold tables that follow from the configuration.
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "gpt_neox.embed_in",
		Layer:         "gpt_neox.layers.%d",
		AttentionNorm: "input_layernorm",
		QueryKeyValue: "attention.query_key_value",
		Output:        "attention.dense",
		MLPNorm:       "post_attention_layernorm",
		Up:            "mlp.dense_h_to_4h",
		Down:          "mlp.dense_4h_to_h",
		FinalNorm:     "gpt_neox.final_layer_norm",
		Head:          "embed_out",
		Ignore:        []string{".attention.bias", ".attention.masked_bias", ".attention.rotary_emb.inv_freq"},
	}
}
