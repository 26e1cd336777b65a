package gemma_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/gemma"
)

func TestFirst(t *testing.T) {
	decodertest.Run(t, gemma.Architecture, decodertest.Fields{"vocab_size": 61, "hidden_size": 36, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 12}, []decodertest.Case{
		decodertest.Reads("of the first files", decodertest.Fields{"hidden_act": "gelu"}, func(s *decoder.Spec) any {
			return []any{s.Activation, s.Embedding.Scale, s.Norm.PlusOne, s.TieWordEmbeddings}
		}, []any{"gelu_pytorch_tanh", 6, true, true}),
		decodertest.Reads("by the newer name", decodertest.Fields{"hidden_act": "gelu", "hidden_activation": "gelu"}, func(s *decoder.Spec) any { return s.Activation }, "gelu"),
		decodertest.Reads("of the class", decodertest.Fields{"head_dim": decodertest.Left}, func(s *decoder.Spec) any { return []any{s.Activation, s.HeadDim, s.MaxPositions} }, []any{"gelu_pytorch_tanh", 256, 8192}),
	})
}

func TestSecond(t *testing.T) {
	decodertest.Run(t, gemma.Architecture2, decodertest.Fields{"vocab_size": 61, "hidden_size": 36, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 12}, []decodertest.Case{
		decodertest.Reads("of the class", nil, func(s *decoder.Spec) any {
			return []any{s.Attention.Window, s.Attention.SoftCap, s.Head.SoftCap, s.Attention.Scale}
		}, []any{[]int{4096, 0, 4096}, 50, 30, 0.0625}),
		decodertest.Reads("without bounds", decodertest.Fields{"attn_logit_softcapping": nil, "final_logit_softcapping": nil}, func(s *decoder.Spec) any { return []any{s.Attention.SoftCap, s.Head.SoftCap} }, []any{0, 0}),
		decodertest.Reads("names", nil, func(s *decoder.Spec) any {
			return []string{s.Names.AttentionOutNorm, s.Names.MLPNorm, s.Names.MLPOutNorm}
		}, []string{"post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"}),
	})
}

func TestThird(t *testing.T) {
	decodertest.Run(t, gemma.Architecture3, decodertest.Fields{"vocab_size": 61, "hidden_size": 36, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 12}, []decodertest.Case{
		decodertest.Reads("of the class", decodertest.Fields{"num_hidden_layers": 7}, func(s *decoder.Spec) any {
			return []any{s.Attention.Window, s.Position.PerLayer, s.Position.Rotary[0].Theta, s.Position.Rotary[1].Theta}
		}, []any{[]int{4096, 4096, 4096, 4096, 4096, 0, 4096}, []int{1, 1, 1, 1, 1, 0, 1}, 1e6, 10000}),
		decodertest.Reads("a bound of the scores that nobody heeds", decodertest.Fields{"attn_logit_softcapping": 50}, func(s *decoder.Spec) any { return s.Attention.SoftCap }, 0),
		decodertest.Reads("older stretch", decodertest.Fields{"rope_scaling": decodertest.Fields{"rope_type": "linear", "factor": 8}}, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Scaling.Factor, s.Position.Rotary[1].Scaling.Factor}
		}, []any{8, 0}),
		decodertest.Reads("newer stretch", decodertest.Fields{"rope_parameters": decodertest.Fields{"full_attention": decodertest.Fields{"rope_type": "linear", "factor": 8, "rope_theta": 5e5}, "sliding_attention": decodertest.Fields{"rope_type": "default", "rope_theta": 5e3}}}, func(s *decoder.Spec) any {
			return []any{s.Position.Rotary[0].Scaling.Factor, s.Position.Rotary[0].Theta, s.Position.Rotary[1].Theta}
		}, []any{8, 5e5, 5e3}),
		decodertest.Refuses("kinds of layers that are none", decodertest.Fields{"rope_parameters": decodertest.Fields{"rope_theta": 1e4}}, "full_attention"),
		decodertest.Refuses("later tokens", decodertest.Fields{"use_bidirectional_attention": true}, "use_bidirectional_attention"),
	})
}

func TestThirdWithImages(t *testing.T) {
	decodertest.Run(t, gemma.Architecture3Images, decodertest.Fields{}, []decodertest.Case{
		decodertest.Reads("sizes of the class", decodertest.Fields{"text_config": decodertest.Fields{"hidden_size": 64, "num_hidden_layers": 1}}, func(s *decoder.Spec) any { return []any{s.VocabSize, s.HiddenSize, s.Heads, s.Names.Layer} }, []any{262208, 64, 8, "language_model.model.layers.%d"}),
		decodertest.Refuses("no language model", decodertest.Fields{"vocab_size": 5}, "text_config"),
	})
}
