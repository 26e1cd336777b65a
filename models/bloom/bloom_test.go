package bloom_test

import (
	"testing"

	"github.com/adagp/adagp/models/bloom"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, bloom.Architecture, decodertest.Fields{"vocab_size": 61, "n_layer": 2}, []decodertest.Case{
		decodertest.Reads("names of the hub", decodertest.Fields{"n_embed": 32, "num_attention_heads": 4}, func(s *decoder.Spec) any {
			return []any{s.HiddenSize, s.IntermediateSize, s.Heads, s.Position.ALiBi.Slopes}
		}, []any{32, 128, 4, []float32{0.25, 0.0625, 0.015625, 0.00390625}}),
		decodertest.Reads("newer names", decodertest.Fields{"hidden_size": 30, "n_head": 3}, func(s *decoder.Spec) any { return []any{s.HiddenSize, s.Heads, s.Position.ALiBi.Slopes} }, []any{30, 3, []float32{0.0625, 0.00390625, 0.25}}),
		decodertest.Refuses("other residual", decodertest.Fields{"hidden_size": 32, "n_head": 4, "apply_residual_connection_post_layernorm": true}, "apply_residual_connection_post_layernorm"),
	})
}
