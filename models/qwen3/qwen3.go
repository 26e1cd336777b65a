// Package qwen3 declares the dense Qwen3 architecture: LLaMA with norms of queries and keys, head by head (Yang et al.
// 2025). It registers itself as "Qwen3ForCausalLM".
package qwen3

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "Qwen3ForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{KVHeads: 32, HeadDim: 128, MaxPositions: 32768})
	bias := f.BoolOr("attention_bias", false)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	s.Attention.QKNorm = decoder.QKNormPerHead
	s.Attention.Window = decoder.ReadUpperWindows(f, s.NumLayers)
	return s
}
