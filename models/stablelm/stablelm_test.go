package stablelm_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/stablelm"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, stablelm.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("a quarter of the class", decodertest.Fields{"hidden_size": 64}, func(s *decoder.Spec) any { return []any{s.Position.Rotary[0].Dims, s.Placement, s.Attention.QKVBias} }, []any{4, decoder.Before, false}),
		decodertest.Reads("side by side", decodertest.Fields{"use_parallel_residual": true, "use_qkv_bias": true, "qk_layernorm": true}, func(s *decoder.Spec) any {
			return []any{s.Placement, s.Attention.QKVBias, s.Attention.OutputBias, s.Attention.QKNorm}
		}, []any{decoder.ParallelOneNorm, true, false, decoder.QKNormHeadList}),
	})
}
