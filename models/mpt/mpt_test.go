package mpt_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/mpt"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, mpt.Architecture, decodertest.Fields{"vocab_size": 61, "d_model": 36, "n_layers": 2, "n_heads": 6}, []decodertest.Case{
		decodertest.Reads("order of the slopes", nil, func(s *decoder.Spec) any { return s.Position.ALiBi.Slopes }, []float32{0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125}),
		decodertest.Reads("a power of two", decodertest.Fields{"n_heads": 4}, func(s *decoder.Spec) any { return s.Position.ALiBi.Slopes }, []float32{0.25, 0.0625, 0.015625, 0.00390625}),
		decodertest.Reads("in attn_config", decodertest.Fields{"attn_config": decodertest.Fields{"clip_qkv": 6, "softmax_scale": 0.5}}, func(s *decoder.Spec) any { return []float32{s.Attention.Clip, s.Attention.Scale} }, []float32{6, 0.5}),
		decodertest.Reads("fields that nobody heeds", decodertest.Fields{"expansion_ratio": 2, "learned_pos_emb": true, "logit_scale": 3, "attn_config": decodertest.Fields{"alibi": false, "qk_ln": true, "clip_qkv": nil}}, func(s *decoder.Spec) any {
			return []any{s.IntermediateSize, s.Position.Kind, s.Head.Scale, s.Attention.QKNorm}
		}, []any{144, decoder.ALiBi, 0, decoder.NoQKNorm}),
	})
}
