package gptneox_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/gptneox"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, gptneox.Architecture, decodertest.Fields{"vocab_size": 61, "hidden_size": 64, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}, []decodertest.Case{
		decodertest.Reads("of the class", nil, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Dims, s.Position.Rotary[0].Theta, s.Placement, s.Activation, s.TieWordEmbeddings}
		}, []any{4, 10000, decoder.ParallelTwoNorm, "gelu", false}),
		decodertest.Reads("older names", decodertest.Fields{"rotary_pct": 0.5, "rotary_emb_base": 2000, "use_parallel_residual": false}, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Dims, s.Position.Rotary[0].Theta, s.Placement}
		}, []any{8, 2000, decoder.Before}),
		decodertest.Reads("newer names", decodertest.Fields{"rope_parameters": decodertest.Fields{"partial_rotary_factor": 0.5, "rope_theta": 2000, "rope_type": "default"}}, func(s *decoder.Spec) any { return []any{s.Position.Rotary[0].Dims, s.Position.Rotary[0].Theta} }, []any{8, 2000}),
		decodertest.Reads("without biases", decodertest.Fields{"attention_bias": false}, func(s *decoder.Spec) any { return []bool{s.Attention.QKVBias, s.MLP.InBias} }, []bool{false, true}),
	})
}
