// Package granite declares the Granite 3 architecture: LLaMA with factors of the embedding, of the branches, of the
// scores and of the logits, as in Yang et al. 2022 ("Tensor Programs V"). It registers itself as "GraniteForCausalLM".
package granite

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "GraniteForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{})
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	bias = f.BoolOr("mlp_bias", false)
	s.MLP.InBias, s.MLP.OutBias = bias, bias
	s.Embedding.Scale = float32(f.PositiveOr("embedding_multiplier", 1))
	s.ResidualScale = float32(f.PositiveOr("residual_multiplier", 1))
	s.Attention.Scale = float32(f.PositiveOr("attention_multiplier", 1)) // in place of the usual one
	s.Head.Scale = float32(1 / f.PositiveOr("logits_scaling", 1))
	return s
}
