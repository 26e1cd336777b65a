package qwen3_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/qwen3"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, qwen3.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("width of a head of the class", nil, func(s *decoder.Spec) any { return s.HeadDim }, 128),
		decodertest.Reads("norms of queries and keys", decodertest.Fields{"head_dim": 12}, func(s *decoder.Spec) any { return []any{s.HeadDim, s.Attention.QKNorm, s.Attention.QKVBias} }, []any{12, decoder.QKNormPerHead, false}),
		decodertest.Reads("biases", decodertest.Fields{"attention_bias": true}, func(s *decoder.Spec) any { return []bool{s.Attention.QKVBias, s.Attention.OutputBias} }, []bool{true, true}),
		decodertest.Reads("yarn", decodertest.Fields{"rope_scaling": decodertest.Fields{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}, func(s *decoder.Spec) any { return s.Position.Rotary[0].Scaling.Factor }, 4),
	})
}

func TestMixture(t *testing.T) {
	decodertest.Run(t, qwen3.MixtureArchitecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", decodertest.Fields{"mlp_only_layers": []int{}}, func(s *decoder.Spec) any {
			return []any{s.HeadDim, s.MLP.Experts}
		}, []any{8, decoder.Experts{Count: 128, Active: 8, Width: 768, Plain: make([]bool, 4)}}),
		decodertest.Reads("older name", decodertest.Fields{"num_experts": 16, "norm_topk_prob": true}, func(s *decoder.Spec) any {
			return []any{s.MLP.Experts.Count, s.MLP.Experts.Normalised}
		}, []any{16, true}),
		decodertest.Reads("newer name", decodertest.Fields{"num_local_experts": 16}, func(s *decoder.Spec) any { return s.MLP.Experts.Count }, 16),
	})
}
