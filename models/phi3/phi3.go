// Package phi3 declares the architecture of Phi-3, 3.5 and 4: LLaMA with queries, keys and values in one matrix, gate
// and up in another, and longrope for long texts (Abdin et al. 2024). It registers itself as "Phi3ForCausalLM".
package phi3

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "Phi3ForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json. Older files call longrope by other names.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		MaxPositions: 4096, Eps: 1e-5,
		Rotary: decoder.RotaryDefaults{Partial: 1, OriginalPositions: 4096, Kinds: map[string]string{"su": "longrope", "yarn": "longrope"}},
	})
	s.Attention.Layout, s.MLP.Stacked = decoder.Stacked, true
	s.Attention.Window = decoder.Windows(decoder.Sliding(s.NumLayers, decoder.EveryLayer), decoder.ReadWindow(f, 0))
	s.Names.QueryKeyValue, s.Names.GateUp = "self_attn.qkv_proj", "mlp.gate_up_proj"
	return s
}
