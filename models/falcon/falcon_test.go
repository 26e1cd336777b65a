package falcon_test

import (
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/decoder/decodertest"
	"github.com/adagp/adagp/models/falcon"
)

func TestConfig(t *testing.T) {
	decodertest.Run(t, falcon.Architecture, decodertest.Fields{"vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}, []decodertest.Case{
		decodertest.Reads("7B", decodertest.Fields{"num_kv_heads": 4}, func(s *decoder.Spec) any {
			return []any{s.KVHeads, s.Attention.Layout, s.Placement, s.Attention.QKVBias, s.IntermediateSize}
		}, []any{1, decoder.Stacked, decoder.ParallelOneNorm, false, 128}),
		decodertest.Reads("40B", decodertest.Fields{"new_decoder_architecture": true, "num_kv_heads": 2}, func(s *decoder.Spec) any {
			return []any{s.KVHeads, s.Attention.Layout, s.Placement, s.Names.AttentionNorm}
		}, []any{2, decoder.PerGroup, decoder.ParallelTwoNorm, "ln_attn"}),
		decodertest.Reads("one norm", decodertest.Fields{"new_decoder_architecture": true, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1}, func(s *decoder.Spec) any { return []any{s.Placement, s.Names.AttentionNorm} }, []any{decoder.ParallelOneNorm, "input_layernorm"}),
		decodertest.Reads("web texts alone", decodertest.Fields{"alibi": true, "bias": true, "multi_query": false, "parallel_attn": false, "ffn_hidden_size": 60}, func(s *decoder.Spec) any {
			return []any{s.KVHeads, s.Attention.Layout, s.Placement, s.Position.Kind, s.MLP.InBias, s.IntermediateSize}
		}, []any{4, decoder.PerHead, decoder.Before, decoder.ALiBi, true, 60}),
		decodertest.Reads("odd head width without rotation", decodertest.Fields{"alibi": true, "hidden_size": 36}, func(s *decoder.Spec) any { return s.HeadDim }, 9),
		decodertest.Refuses("heads do not divide", decodertest.Fields{"new_decoder_architecture": true, "num_kv_heads": 3}, "num_kv_heads"),
	})
}
