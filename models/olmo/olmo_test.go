package olmo_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/olmo"
)

func TestFirst(t *testing.T) {
	decodertest.Run(t, olmo.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("clipped", decodertest.Fields{"clip_qkv": 8}, func(s *decoder.Spec) any { return []any{s.Attention.Clip, s.Norm.NoWeights, s.Norm.Eps} }, []any{8, true, 1e-05}),
		decodertest.Reads("not clipped", decodertest.Fields{"clip_qkv": nil}, func(s *decoder.Spec) any { return s.Attention.Clip }, 0),
	})
}

func TestSecond(t *testing.T) {
	decodertest.Run(t, olmo.Architecture2, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("norms behind", nil, func(s *decoder.Spec) any { return []any{s.Placement, s.Attention.QKNorm, s.Names.AttentionOutNorm} }, []any{decoder.AfterBranch, decoder.QKNormFullWidth, "post_attention_layernorm"}),
	})
}

func TestThird(t *testing.T) {
	decodertest.Run(t, olmo.Architecture3, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", nil, func(s *decoder.Spec) any { return []any{s.Attention.Window, s.Position.Rotary[1].Theta} }, []any{[]int{4096, 4096, 4096, 0}, 500000}),
		decodertest.Reads("only full layers are stretched", decodertest.Fields{"rope_theta": 1000, "rope_scaling": decodertest.Fields{"rope_type": "yarn", "factor": 8}}, func(s *decoder.Spec) any {
			return []any{s.Position.PerLayer, s.Position.Rotary[0].Scaling.Type, s.Position.Rotary[1].Scaling.Type, s.Position.Rotary[1].Theta}
		}, []any{[]int{1, 1, 1, 0}, "yarn", "", 1000}),
	})
}

func TestMixture(t *testing.T) {
	decodertest.Run(t, olmo.MixtureArchitecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", decodertest.Fields{"clip_qkv": nil}, func(s *decoder.Spec) any {
			return []any{s.MLP.Experts, s.Attention.Clip, s.Attention.QKNorm}
		}, []any{decoder.Experts{Count: 64, Active: 8, Width: 48}, 0, decoder.QKNormFullWidth}),
	})
}
