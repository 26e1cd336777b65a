// Package bloom declares the BLOOM architecture: positions as linear biases of attention, a norm of the embedding, and
// queries, keys and values of each head in one matrix (BigScience Workshop 2022). It registers itself as
// "BloomForCausalLM".
package bloom

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "BloomForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json, in which several fields have two names.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{
			Hidden: f.First("n_embed", "hidden_size"), Layers: f.First("n_layer", "num_hidden_layers"),
			Heads: f.First("n_head", "num_attention_heads"), Positions: "seq_length",
			Eps: "layer_norm_epsilon",
		},
		FourTimes: true, Unrotated: true, Eps: 1e-5, Activation: "gelu_pytorch_tanh", Tied: true,
	})
	s.Names = names()
	s.Norm.Kind, s.Embedding.Norm = decoder.LayerNorm, true
	s.Position = decoder.Position{Kind: decoder.ALiBi, ALiBi: decoder.LinearBias{Slopes: decoder.ALiBiSlopes(s.Heads)}}
	s.Attention = decoder.Attention{Layout: decoder.PerHead, QKVBias: true, OutputBias: true}
	s.MLP = decoder.MLP{InBias: true, OutBias: true}
	if f.BoolOr("apply_residual_connection_post_layernorm", false) {
		f.Fail("apply_residual_connection_post_layernorm", "residual streams of normalised states are not supported, want false")
	}
	return s
}

// names are those of newer checkpoints; the published ones leave out the prefix.
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "transformer.word_embeddings",
		EmbeddingNorm: "transformer.word_embeddings_layernorm",
		Layer:         "transformer.h.%d",
		AttentionNorm: "input_layernorm",
		QueryKeyValue: "self_attention.query_key_value",
		Output:        "self_attention.dense",
		MLPNorm:       "post_attention_layernorm",
		Up:            "mlp.dense_h_to_4h",
		Down:          "mlp.dense_4h_to_h",
		FinalNorm:     "transformer.ln_f",
		Head:          "lm_head",
		Prefix:        "transformer.",
		OtherPrefixes: []string{""},
	}
}
