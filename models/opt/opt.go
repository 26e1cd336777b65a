// Package opt declares the OPT architecture: learned positions, LayerNorm before or after each sub-block,
// multi-head attention and fc1 → ReLU → fc2 blocks (Zhang et al. 2022). It registers itself as
// "OPTForCausalLM".
package opt

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/nn"
)

// Architecture is the name in config.json.
const Architecture = "OPTForCausalLM"

func init() { decoder.Register(Architecture, ParseConfig) }

// ParseConfig reads and checks the bytes of a config.json. Fields that older files leave out have the values
// they had then: tied head, biases, affine norms. Errors quote the field and the value.
func ParseConfig(config []byte) (*decoder.Spec, error) {
	f, err := models.ParseFields(config)
	if err != nil {
		return nil, err
	}
	s := &decoder.Spec{
		Config: models.Config{
			Architecture:      Architecture,
			VocabSize:         f.Int("vocab_size", 1, models.MaxVocab),
			HiddenSize:        f.Int("hidden_size", 1, models.MaxWidth),
			IntermediateSize:  f.Int("ffn_dim", 1, models.MaxWidth),
			NumLayers:         f.Int("num_hidden_layers", 1, models.MaxLayers),
			Heads:             f.Int("num_attention_heads", 1, models.MaxWidth),
			MaxPositions:      f.IntOr("max_position_embeddings", 2048, 1, models.MaxPositions),
			Activation:        f.StringOr("activation_function", "relu"),
			TieWordEmbeddings: f.BoolOr("tie_word_embeddings", true),
		},
		Names: names(),
		Norm:  decoder.Norm{Kind: decoder.LayerNorm, Eps: 1e-5, NoWeights: !f.BoolOr("layer_norm_elementwise_affine", true)},
		// The table has two rows in front that no position uses, a leftover of a padding scheme.
		Position: decoder.Position{Kind: decoder.Learned, Offset: 2},
	}
	s.KVHeads = s.Heads
	s.Embedding.Width = f.IntOr("word_embed_proj_dim", s.HiddenSize, 1, models.MaxWidth)
	// opt-350m normalises the sums, and has no norm behind the last layer.
	if f.BoolOr("do_layer_norm_before", true) {
		s.FinalNorm = !f.BoolOr("_remove_final_layer_norm", false)
	} else {
		s.Placement = decoder.AfterSum
	}
	bias := f.BoolOr("enable_bias", true)
	s.Attention.QKVBias, s.Attention.OutputBias, s.MLP.InBias, s.MLP.OutBias = bias, bias, bias, bias
	if a, err := nn.ActivationByName(s.Activation); err != nil {
		f.Fail("activation_function", "%v", err)
	} else if a.Arity() != 1 {
		f.Fail("activation_function", "%q takes %d arguments, want 1", s.Activation, a.Arity())
	}
	if f.Err() == nil && s.HiddenSize%s.Heads != 0 {
		f.Fail("num_attention_heads", "%d does not divide hidden_size %d", s.Heads, s.HiddenSize)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	s.HeadDim = s.HiddenSize / s.Heads
	return s, nil
}

// names are those of the published checkpoints, some of which leave out the first "model.".
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "model.decoder.embed_tokens",
		Positions:     "model.decoder.embed_positions",
		ProjectIn:     "model.decoder.project_in",
		Layer:         "model.decoder.layers.%d",
		AttentionNorm: "self_attn_layer_norm",
		Query:         "self_attn.q_proj",
		Key:           "self_attn.k_proj",
		Value:         "self_attn.v_proj",
		Output:        "self_attn.out_proj",
		MLPNorm:       "final_layer_norm",
		Up:            "fc1",
		Down:          "fc2",
		FinalNorm:     "model.decoder.final_layer_norm",
		ProjectOut:    "model.decoder.project_out",
		Head:          "lm_head",
		Prefix:        "model.",
		OtherPrefixes: []string{""},
	}
}
