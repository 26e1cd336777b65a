package cohere_test

import (
	"testing"

	"github.com/adagp/adagp/models/cohere"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
)

func TestFirst(t *testing.T) {
	decodertest.Run(t, cohere.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", nil, func(s *decoder.Spec) any {
			return []any{s.Head.Scale, s.Norm.NoBias, s.Position.Rotary[0].Interleaved, s.Attention.QKNorm, s.TieWordEmbeddings}
		}, []any{0.0625, true, true, decoder.NoQKNorm, true}),
		decodertest.Reads("norms of queries and keys", decodertest.Fields{"use_qk_norm": true}, func(s *decoder.Spec) any { return s.Attention.QKNorm }, decoder.QKNormEachHead),
	})
}

func TestSecond(t *testing.T) {
	decodertest.Run(t, cohere.Architecture2, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("no rotation in full layers", nil, func(s *decoder.Spec) any { return []any{s.Attention.Window, s.Position.PerLayer} }, []any{[]int{4096, 4096, 4096, 0}, []int{0, 0, 0, -1}}),
		decodertest.Reads("layers by name", decodertest.Fields{"sliding_window": 8, "sliding_window_pattern": 2, "layer_types": []string{"full_attention", "sliding_attention", "sliding_attention", "sliding_attention"}}, func(s *decoder.Spec) any { return []any{s.Attention.Window, s.Position.PerLayer} }, []any{[]int{0, 8, 8, 8}, []int{-1, 0, 0, 0}}),
	})
}
