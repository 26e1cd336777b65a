package gpt2_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/gpt2"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, gpt2.Architecture, decodertest.Fields{"vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 4}, []decodertest.Case{
		decodertest.Reads("of the class", decodertest.Fields{"n_inner": nil}, func(s *decoder.Spec) any {
			return []any{s.IntermediateSize, s.MaxPositions, s.Activation, s.TieWordEmbeddings, s.Transposed}
		}, []any{128, 1024, "gelu_new", true, true}),
		decodertest.Reads("scores without a factor", decodertest.Fields{"scale_attn_weights": false}, func(s *decoder.Spec) any { return s.Attention.Scale }, 1),
		decodertest.Refuses("factors by layer", decodertest.Fields{"scale_attn_by_inverse_layer_idx": true}, "scale_attn_by_inverse_layer_idx"),
	})
}
