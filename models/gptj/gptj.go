// Package gptj declares the GPT-J architecture: attention and a feed-forward block without a gate side by side behind one
// norm, and rotation of neighbouring pairs in a part of each head (Wang and Komatsuzaki 2021). It registers itself as
// "GPTJForCausalLM".
package gptj

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "GPTJForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{
			Hidden: "n_embd", Intermediate: "n_inner", Layers: "n_layer", Heads: "n_head", Positions: "n_positions",
			Eps: "layer_norm_epsilon", Activation: "activation_function",
		},
		FourTimes: true, Eps: 1e-5, Activation: "gelu_new", Rotary: decoder.RotaryDefaults{Interleaved: true},
	})
	if r := &s.Position.Rotary[0]; f.Err() == nil {
		if r.Dims = f.IntOr("rotary_dim", 64, 2, s.HeadDim); r.Dims%2 != 0 {
			f.Fail("rotary_dim", "%d is odd, rotary positions need pairs", r.Dims)
		}
	}
	s.Names = names()
	s.Norm.Kind, s.Placement = decoder.LayerNorm, decoder.ParallelOneNorm
	s.MLP = decoder.MLP{InBias: true, OutBias: true}
	s.Head.Bias = true
	return s
}

// names are those of the published checkpoints, some of which hold tables that follow from the configuration.
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "transformer.wte",
		Layer:         "transformer.h.%d",
		AttentionNorm: "ln_1",
		Query:         "attn.q_proj",
		Key:           "attn.k_proj",
		Value:         "attn.v_proj",
		Output:        "attn.out_proj",
		Up:            "mlp.fc_in",
		Down:          "mlp.fc_out",
		FinalNorm:     "transformer.ln_f",
		Head:          "lm_head",
		Ignore:        []string{".attn.bias", ".attn.masked_bias"},
	}
}
