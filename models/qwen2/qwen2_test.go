package qwen2_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/qwen2"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, qwen2.Architecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("biases", nil, func(s *decoder.Spec) any { return []bool{s.Attention.QKVBias, s.Attention.OutputBias, s.MLP.InBias} }, []bool{true, false, false}),
		decodertest.Reads("a window that is not used", decodertest.Fields{"sliding_window": 8, "max_window_layers": 1}, func(s *decoder.Spec) any { return s.Attention.Window }, []int(nil)),
		decodertest.Reads("upper layers", decodertest.Fields{"use_sliding_window": true, "sliding_window": 8, "max_window_layers": 3}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{0, 0, 0, 8}),
		decodertest.Reads("layers by name", decodertest.Fields{"use_sliding_window": true, "sliding_window": 8, "layer_types": []string{"full_attention", "sliding_attention", "full_attention", "full_attention"}}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{0, 8, 0, 0}),
		decodertest.Reads("too few names", decodertest.Fields{"use_sliding_window": true, "layer_types": []string{"full_attention"}}, nil, "1 kinds of layers, want one for each of 4"),
		decodertest.Refuses("another name", decodertest.Fields{"use_sliding_window": true, "layer_types": []string{"a", "b", "c", "d"}}, `got "a" for layer 0`),
	})
}

func TestMixture(t *testing.T) {
	decodertest.Run(t, qwen2.MixtureArchitecture, decodertest.Sizes, []decodertest.Case{
		decodertest.Reads("of the class", nil, func(s *decoder.Spec) any { return s.MLP.Experts }, decoder.Experts{Count: 60, Active: 4, Width: 1408, SharedWidth: 5632, Plain: make([]bool, 4)}),
		decodertest.Reads("plain layers", decodertest.Fields{"decoder_sparse_step": 2, "mlp_only_layers": []int{3}}, func(s *decoder.Spec) any { return s.MLP.Experts.Plain }, []bool{true, false, true, true}),
		decodertest.Reads("lower windows", decodertest.Fields{"use_sliding_window": true, "sliding_window": 8, "max_window_layers": 2}, func(s *decoder.Spec) any { return s.Attention.Window }, []int{8, 0, 0, 0}),
		decodertest.Reads("a window of 0 that is not used", decodertest.Fields{"sliding_window": 0, "qkv_bias": false}, func(s *decoder.Spec) any { return s.Attention.QKVBias }, false),
		decodertest.Refuses("no such layer", decodertest.Fields{"mlp_only_layers": []int{4}}, "4 is the number of no layer"),
		decodertest.Refuses("more than there are", decodertest.Fields{"num_experts": 3}, "4 of 3 experts"),
	})
}
