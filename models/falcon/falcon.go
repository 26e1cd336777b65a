// Package falcon declares the three forms of the Falcon architecture: that of the 7B model, with one head of keys and
// values, and attention and the feed-forward block side by side behind one norm; that of the 40B model, with groups of
// heads, and a norm for each of the two; and that of the models trained on web texts alone, with linear biases of
// attention and one block behind the other (Almazrouei et al. 2023). It registers itself as "FalconForCausalLM".
package falcon

import (
	"math"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "FalconForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	alibi := f.BoolOr("alibi", false)
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{
			Hidden: f.First("n_embed", "hidden_size"), Intermediate: "ffn_hidden_size", Eps: "layer_norm_epsilon", Activation: "activation",
		},
		FourTimes: true, Unrotated: alibi, Eps: 1e-5, Activation: "gelu", Tied: true,
	})
	s.Names = names()
	s.Norm.Kind = decoder.LayerNorm
	if alibi {
		// The reference adds biases of bfloat16 in front of the factor of the scores, and, with the mask of its plain
		// attention, a second time.
		b := decoder.LinearBias{Slopes: decoder.ALiBiSlopes(s.Heads), Rounded: true, Factor: float32(2 / math.Sqrt(float64(s.HeadDim)))}
		s.Position = decoder.Position{Kind: decoder.ALiBi, ALiBi: b}
	}
	bias := f.BoolOr("bias", false)
	s.Attention = decoder.Attention{QKVBias: bias, OutputBias: bias}
	s.MLP = decoder.MLP{InBias: bias, OutBias: bias}
	newForm := f.BoolOr("new_decoder_architecture", false)
	switch {
	case newForm:
		s.Attention.Layout, s.Placement = decoder.PerGroup, decoder.ParallelTwoNorm
		s.Names.AttentionNorm, s.Names.MLPNorm = "ln_attn", "ln_mlp"
		if f.IntOr("num_ln_in_parallel_attn", 2, 1, 2) == 1 {
			s.Placement, s.Names.AttentionNorm = decoder.ParallelOneNorm, "input_layernorm"
		}
	case f.BoolOr("parallel_attn", true):
		s.Placement = decoder.ParallelOneNorm
	}
	s.KVHeads = s.Heads
	switch {
	case newForm:
		s.KVHeads = f.IntOr("num_kv_heads", s.Heads, 1, models.MaxWidth)
		if f.Err() == nil && s.Heads%s.KVHeads != 0 {
			f.Fail("num_kv_heads", "%d does not divide num_attention_heads %d", s.KVHeads, s.Heads)
		}
	case f.BoolOr("multi_query", true):
		s.Attention.Layout, s.KVHeads = decoder.Stacked, 1
	default:
		s.Attention.Layout = decoder.PerHead
	}
	return s
}

// names are those of the published checkpoints.
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "transformer.word_embeddings",
		Layer:         "transformer.h.%d",
		AttentionNorm: "input_layernorm",
		QueryKeyValue: "self_attention.query_key_value",
		Output:        "self_attention.dense",
		MLPNorm:       "post_attention_layernorm",
		Up:            "mlp.dense_h_to_4h",
		Down:          "mlp.dense_4h_to_h",
		FinalNorm:     "transformer.ln_f",
		Head:          "lm_head",
	}
}
