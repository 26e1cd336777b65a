package phi3_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/phi3"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, phi3.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("matrices", nil, func(s *decoder.Spec) any { return []any{s.Attention.Layout, s.MLP.Stacked, s.Attention.Window == nil} }, []any{decoder.Stacked, true, true}),
		decodertest.Reads("window", decodertest.Fields{"sliding_window": 2047}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{2047, 2047, 2047, 2047}),
		decodertest.Reads("first name of longrope", decodertest.Fields{"max_position_embeddings": 16384, "rope_scaling": decodertest.Fields{"type": "su", "short_factor": []float64{1, 1, 1, 1}, "long_factor": []float64{2, 2, 2, 2}}}, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Scaling.Type, s.Position.Rotary[0].Scaling.OriginalPositions}
		}, []any{"longrope", 4096}),
		decodertest.Reads("second name of longrope", decodertest.Fields{"original_max_position_embeddings": 64, "rope_scaling": decodertest.Fields{"type": "yarn", "short_factor": []float64{1, 1, 1, 1}, "long_factor": []float64{2, 2, 2, 2}}}, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Scaling.Type, s.Position.Rotary[0].Scaling.OriginalPositions}
		}, []any{"longrope", 64}),
		decodertest.Reads("three quarters", decodertest.Fields{"partial_rotary_factor": 0.75}, func(s *decoder.Spec) any { return s.Position.Rotary[0].Dims }, 6),
		decodertest.Refuses("as many factors as pairs", decodertest.Fields{"partial_rotary_factor": 0.75, "rope_scaling": decodertest.Fields{"type": "longrope", "short_factor": []float64{1, 1, 1, 1}, "long_factor": []float64{2, 2, 2, 2}}}, "want one for each of 3 pairs"),
	})
}
