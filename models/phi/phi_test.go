package phi_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/phi"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, phi.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("half of the class", nil, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Dims, s.Head.Bias, s.Attention.OutputBias, s.Placement}
		}, []any{4, true, true, decoder.ParallelOneNorm}),
		decodertest.Reads("older share", decodertest.Fields{"hidden_size": 40, "partial_rotary_factor": 0.4}, func(s *decoder.Spec) any { return s.Position.Rotary[0].Dims }, 4),
		decodertest.Reads("newer share", decodertest.Fields{"hidden_size": 40, "rope_parameters": decodertest.Fields{"partial_rotary_factor": 0.4, "rope_theta": 500, "rope_type": "default"}}, func(s *decoder.Spec) any { return []any{s.Position.Rotary[0].Dims, s.Position.Rotary[0].Theta} }, []any{4, 500}),
		decodertest.Reads("norms of queries and keys", decodertest.Fields{"qk_layernorm": true}, func(s *decoder.Spec) any { return s.Attention.QKNorm }, decoder.QKNormPerHead),
	})
}
