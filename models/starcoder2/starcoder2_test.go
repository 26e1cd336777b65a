package starcoder2_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/starcoder2"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, starcoder2.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", decodertest.Fields{"num_key_value_heads": decodertest.Left}, func(s *decoder.Spec) any {
			return []any{s.KVHeads, s.TieWordEmbeddings, s.MLP.Gated, s.MLP.InBias, s.Attention.Window == nil}
		}, []any{2, true, false, true, true}),
		decodertest.Reads("without biases", decodertest.Fields{"use_bias": false, "sliding_window": 16}, func(s *decoder.Spec) any { return []any{s.MLP.InBias, s.Attention.QKVBias, s.Attention.Window} }, []any{false, false, []int{16, 16, 16, 16}}),
	})
}
