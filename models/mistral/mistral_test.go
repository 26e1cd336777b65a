package mistral_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/mistral"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, mistral.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("window of the class", nil, func(s *decoder.Spec) any { return s.Attention.Window }, []int{4096, 4096, 4096, 4096}),
		decodertest.Reads("window", decodertest.Fields{"sliding_window": 16}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{16, 16, 16, 16}),
		decodertest.Reads("no window", decodertest.Fields{"sliding_window": nil}, func(s *decoder.Spec) any { return s.Attention.Window }, []int(nil)),
		decodertest.Reads("keys of the class", decodertest.Fields{"num_attention_heads": 16, "num_key_value_heads": decodertest.Left}, func(s *decoder.Spec) any { return s.KVHeads }, 8),
		decodertest.Reads("as many keys as heads", decodertest.Fields{"num_key_value_heads": nil}, func(s *decoder.Spec) any { return s.KVHeads }, 4),
		decodertest.Reads("width of a head", decodertest.Fields{"head_dim": 20}, func(s *decoder.Spec) any { return s.HeadDim }, 20),
		decodertest.Refuses("odd width of a head", decodertest.Fields{"head_dim": 5}, "even number"),
		decodertest.Refuses("window of no positions", decodertest.Fields{"sliding_window": 0}, "sliding_window"),
	})
}
