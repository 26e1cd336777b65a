// Package gemma declares the Gemma architectures: norms whose weights are stored less one, embeddings multiplied by the
// root of their width, and GELU behind the gate (Gemma Team 2024); Gemma 2 with norms on both sides of attention and of
// the feed-forward block, bounds by tanh, and a window in every second layer (Gemma Team 2024b); Gemma 3 with norms of
// queries and keys, and another rotary base in the layers with a window (Gemma Team 2025). It registers itself as
// "GemmaForCausalLM", "Gemma2ForCausalLM" and "Gemma3ForCausalLM", and as "Gemma3ForConditionalGeneration", of which it
// is the language model.
package gemma

import (
	"math"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name of the first generation in config.json.
const Architecture = "GemmaForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// gelu is the activation of all generations: the form with tanh.
const gelu = "gelu_pytorch_tanh"

// read reads config.json of the first generation. Its "hidden_act" of "gelu" means the form with tanh.
func read(f *models.Fields) *decoder.Spec {
	d := defaults(16)
	if f.Has("hidden_activation") {
		d.Names.Activation = "hidden_activation"
	}
	s := common(f, Architecture, d)
	if s.Activation == "gelu" && d.Names.Activation == "" {
		s.Activation = gelu
	}
	return s
}

// defaults are those that all generations have.
func defaults(kvHeads int) decoder.Defaults {
	return decoder.Defaults{KVHeads: kvHeads, HeadDim: 256, MaxPositions: 8192, Activation: gelu, Tied: true}
}

// common declares what all generations have.
func common(f *models.Fields, architecture string, d decoder.Defaults) *decoder.Spec {
	s := decoder.ReadStandard(f, architecture, d)
	s.Norm.PlusOne = true
	s.Embedding.Scale = float32(math.Sqrt(float64(s.HiddenSize)))
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	if f.BoolOr("use_bidirectional_attention", false) {
		f.Fail("use_bidirectional_attention", "attention to later tokens is not supported, want false")
	}
	return s
}
