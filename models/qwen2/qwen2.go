// Package qwen2 declares the Qwen2 and Qwen2.5 architecture: LLaMA with biases of queries, keys and values, and a
// window of positions in some layers (Yang et al. 2024). It registers itself as "Qwen2ForCausalLM".
package qwen2

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "Qwen2ForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{KVHeads: 32, MaxPositions: 32768})
	s.Attention.QKVBias = true
	s.Attention.Window = decoder.ReadUpperWindows(f, s.NumLayers)
	return s
}
