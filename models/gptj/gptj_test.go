package gptj_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/gptj"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, gptj.Architecture, decodertest.Fields{"vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 2}, []decodertest.Case{
		decodertest.Reads("inner size", decodertest.Fields{"rotary_dim": 4, "n_inner": nil}, func(s *decoder.Spec) any {
			return []any{s.IntermediateSize, s.Position.Rotary[0].Dims, s.Position.Rotary[0].Interleaved, s.Head.Bias}
		}, []any{128, 4, true, true}),
		decodertest.Refuses("more than a head", decodertest.Fields{"rotary_dim": 64}, "rotary_dim"),
		decodertest.Refuses("odd", decodertest.Fields{"rotary_dim": 5}, "rotary_dim"),
	})
}
