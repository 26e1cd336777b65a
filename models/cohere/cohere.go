// Package cohere declares the Command R architectures: attention and a gated feed-forward block side by side behind a
// norm without shift, rotation of neighbouring pairs, and a factor of the logits; in the second generation, Command R7B
// and A, with a window in three of four layers, and no rotation in the fourth. It registers itself as
// "CohereForCausalLM" and "Cohere2ForCausalLM".
package cohere

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// The names of the generations in config.json.
const (
	Architecture  = "CohereForCausalLM"
	Architecture2 = "Cohere2ForCausalLM"
)

func init() {
	decoder.RegisterFamily(Architecture, read)
	decoder.RegisterFamily(Architecture2, read2)
}

// read reads config.json of the first generation.
func read(f *models.Fields) *decoder.Spec {
	s := common(f, Architecture)
	if f.BoolOr("use_qk_norm", false) {
		s.Attention.QKNorm = decoder.QKNormEachHead
	}
	return s
}

// read2 reads config.json of the second generation.
func read2(f *models.Fields) *decoder.Spec {
	s := common(f, Architecture2)
	sliding := decoder.ReadSliding(f, s.NumLayers, decoder.AllButEvery(f.IntOr("sliding_window_pattern", 4, 1, models.MaxLayers)))
	window := decoder.ReadWindow(f, 4096)
	s.Attention.Window = decoder.Windows(sliding, window)
	s.Position.PerLayer = make([]int, s.NumLayers)
	for i, rotated := range sliding {
		if !rotated || window == 0 {
			s.Position.PerLayer[i] = -1
		}
	}
	return s
}

// common declares what both generations have.
func common(f *models.Fields, architecture string) *decoder.Spec {
	s := decoder.ReadStandard(f, architecture, decoder.Defaults{
		Names: decoder.FieldNames{Eps: "layer_norm_eps"}, Eps: 1e-5,
		MaxPositions: 8192, Tied: true, Rotary: decoder.RotaryDefaults{Interleaved: true},
	})
	s.Norm.Kind, s.Norm.NoBias, s.Placement = decoder.LayerNorm, true, decoder.ParallelOneNorm
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	s.Head.Scale = float32(f.PositiveOr("logit_scale", 0.0625))
	return s
}
