// Package mistral declares the Mistral architecture: LLaMA with attention to a window of positions, and heads whose
// width may differ from the hidden size divided by their number (Jiang et al. 2023). It registers itself as
// "MistralForCausalLM".
package mistral

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "MistralForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json. A window that is null there is none; one that is left out is that of the first release.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{KVHeads: 8, MaxPositions: 131072})
	s.Attention.Window = decoder.Windows(decoder.Sliding(s.NumLayers, decoder.EveryLayer), decoder.ReadWindow(f, 4096))
	return s
}
