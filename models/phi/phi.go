// Package phi declares the Phi-1, 1.5 and 2 architecture: attention and a feed-forward block without a gate side by side
// behind one norm, rotation of a part of each head, and biases everywhere, in the head too (Li et al. 2023). It
// registers itself as "PhiForCausalLM".
package phi

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "PhiForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{Eps: "layer_norm_eps"}, Eps: 1e-5, Activation: "gelu_new",
		Rotary: decoder.RotaryDefaults{Partial: 0.5},
	})
	s.Norm.Kind, s.Placement = decoder.LayerNorm, decoder.ParallelOneNorm
	s.Attention.QKVBias, s.Attention.OutputBias = true, true
	if f.BoolOr("qk_layernorm", false) {
		s.Attention.QKNorm = decoder.QKNormPerHead
	}
	s.MLP = decoder.MLP{InBias: true, OutBias: true}
	s.Head.Bias = true
	n := &s.Names
	n.Output, n.QueryNorm, n.KeyNorm = "self_attn.dense", "self_attn.q_layernorm", "self_attn.k_layernorm"
	n.Up, n.Down, n.FinalNorm = "mlp.fc1", "mlp.fc2", "model.final_layernorm"
	return s
}
