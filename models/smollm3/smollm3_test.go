package smollm3_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/smollm3"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, smollm3.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("every fourth layer", nil, func(s *decoder.Spec) any {
			return []any{s.Position.PerLayer, s.Position.Rotary[0].Theta, s.TieWordEmbeddings}
		}, []any{[]int{0, 0, 0, -1}, 2e6, true}),
		decodertest.Reads("every second layer", decodertest.Fields{"no_rope_layer_interval": 2}, func(s *decoder.Spec) any { return s.Position.PerLayer }, []int{0, -1, 0, -1}),
		decodertest.Reads("list", decodertest.Fields{"no_rope_layers": []int{0, 1, 1, 1, 0}, "no_rope_layer_interval": 2}, func(s *decoder.Spec) any { return s.Position.PerLayer }, []int{-1, 0, 0, 0}),
		decodertest.Reads("short list", decodertest.Fields{"no_rope_layers": []int{0}}, nil, "1 values, want one for each of 4"),
		decodertest.Reads("a window where nothing is rotated", decodertest.Fields{"use_sliding_window": true, "sliding_window": 8}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{0, 0, 0, 8}),
	})
}
