package glm4_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/glm4"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, glm4.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", decodertest.Fields{"num_key_value_heads": decodertest.Left}, func(s *decoder.Spec) any {
			return []any{s.HeadDim, s.KVHeads, s.Position.Rotary[0].Dims, s.Position.Rotary[0].Interleaved, s.Attention.QKVBias}
		}, []any{128, 2, 64, true, false}),
		decodertest.Reads("biases", decodertest.Fields{"attention_bias": true}, func(s *decoder.Spec) any { return []bool{s.Attention.QKVBias, s.Attention.OutputBias} }, []bool{true, false}),
	})
}
