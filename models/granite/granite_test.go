package granite_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/granite"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, granite.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("factors", decodertest.Fields{"embedding_multiplier": 12, "residual_multiplier": 0.22, "attention_multiplier": 0.015625, "logits_scaling": 8}, func(s *decoder.Spec) any {
			return []float32{s.Embedding.Scale, s.ResidualScale, s.Attention.Scale, s.Head.Scale}
		}, []float32{12, 0.22, 0.015625, 0.125}),
		decodertest.Reads("without", nil, func(s *decoder.Spec) any {
			return []float32{s.Embedding.Scale, s.ResidualScale, s.Attention.Scale, s.Head.Scale}
		}, []float32{1, 1, 1, 1}),
		decodertest.Refuses("negative factor", decodertest.Fields{"logits_scaling": -8}, "logits_scaling"),
	})
}
