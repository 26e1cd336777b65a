// Package mpt declares the MPT architecture: positions as linear biases of attention, norms without shift, no biases, and
// queries, keys and values in one matrix (MosaicML 2023). It registers itself as "MptForCausalLM", and by the name that
// the first files have, "MPTForCausalLM".
package mpt

import (
	"math"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json, OldArchitecture that in the first files.
const (
	Architecture    = "MptForCausalLM"
	OldArchitecture = "MPTForCausalLM"
)

func init() {
	for _, a := range []string{Architecture, OldArchitecture} {
		decoder.RegisterFamily(a, func(f *models.Fields) *decoder.Spec { return read(f, a) })
	}
}

// read reads config.json. Fields about learned positions, other widths of the feed-forward block, norms of queries and
// keys, a factor of the logits or no linear biases are there, and the programs that write them heed none.
func read(f *models.Fields, architecture string) *decoder.Spec {
	s := decoder.ReadStandard(f, architecture, decoder.Defaults{
		Names: decoder.FieldNames{
			Hidden: "d_model", Layers: "n_layers", Heads: "n_heads", Positions: "max_seq_len", Eps: "layer_norm_epsilon",
		},
		FourTimes: true, Unrotated: true, Eps: 1e-5, Activation: "gelu", Tied: true,
	})
	s.Names = names()
	s.Norm.Kind, s.Norm.NoBias = decoder.LayerNorm, true
	s.Position = decoder.Position{Kind: decoder.ALiBi, ALiBi: decoder.LinearBias{Slopes: slopes(s.Heads)}}
	s.Attention, s.MLP = decoder.Attention{Layout: decoder.Stacked}, decoder.MLP{}
	if a := f.Object("attn_config"); a != nil {
		if a.Has("softmax_scale") {
			s.Attention.Scale = float32(a.PositiveOr("softmax_scale", 0))
		}
		if a.Has("clip_qkv") {
			s.Attention.Clip = float32(a.PositiveOr("clip_qkv", 0))
		}
	}
	return s
}

// slopes returns the slope of each head: for a number that is no power of two, those of the next one, every second of
// them first.
func slopes(heads int) []float32 {
	all := 1
	for all < heads {
		all *= 2
	}
	var first, second []float32
	for i := range all {
		s := float32(math.Exp2(-float64(float32(i+1) * (8 / float32(all)))))
		if i%2 == 0 && all != heads {
			second = append(second, s)
		} else {
			first = append(first, s)
		}
	}
	return append(first, second...)[:heads]
}

// names are those of the published checkpoints.
func names() decoder.Names {
	return decoder.Names{
		Embedding:     "transformer.wte",
		Layer:         "transformer.blocks.%d",
		AttentionNorm: "norm_1",
		QueryKeyValue: "attn.Wqkv",
		Output:        "attn.out_proj",
		MLPNorm:       "norm_2",
		Up:            "ffn.up_proj",
		Down:          "ffn.down_proj",
		FinalNorm:     "transformer.norm_f",
		Head:          "lm_head",
	}
}
