package mixtral_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/mixtral"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, mixtral.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", nil, func(s *decoder.Spec) any {
			return []any{s.MLP.Experts, s.Position.Rotary[0].Theta, s.Attention.Window == nil}
		}, []any{decoder.Experts{Count: 8, Active: 2, Width: 48, Normalised: true}, 1e6, true}),
		decodertest.Reads("window", decodertest.Fields{"sliding_window": 16}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{16, 16, 16, 16}),
	})
}
