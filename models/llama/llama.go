// Package llama declares the LLaMA architecture: RMSNorm, rotary positions, grouped-query attention and
// SwiGLU feed-forward blocks (Touvron et al. 2023; Llama 2 and 3 included). It registers itself as
// "LlamaForCausalLM".
package llama

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "LlamaForCausalLM"

func init() { decoder.Register(Architecture, ParseConfig) }

// ParseConfig reads and checks the bytes of a config.json. Fields that older files leave out have the values
// they had then. Errors quote the field and the value.
func ParseConfig(config []byte) (*decoder.Spec, error) {
	f, err := models.ParseFields(config)
	if err != nil {
		return nil, err
	}
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{})
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	bias = f.BoolOr("mlp_bias", false)
	s.MLP.InBias, s.MLP.OutBias = bias, bias
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s, nil
}
