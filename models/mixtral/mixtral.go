// Package mixtral declares the Mixtral architecture: Mistral with several feed-forward blocks, of which each token goes
// through two (Jiang et al. 2024). It registers itself as "MixtralForCausalLM".
package mixtral

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "MixtralForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json, in which the intermediate size is that of an expert.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		KVHeads: 8, MaxPositions: 131072, Eps: 1e-5, Rotary: decoder.RotaryDefaults{Theta: 1e6},
	})
	s.Attention.Window = decoder.Windows(decoder.Sliding(s.NumLayers, decoder.EveryLayer), decoder.ReadWindow(f, 0))
	s.MLP.Experts = decoder.ReadExperts(f, decoder.Experts{Count: 8, Active: 2, Width: s.IntermediateSize, Normalised: true})
	n := &s.Names
	n.Router, n.Expert = "block_sparse_moe.gate", "block_sparse_moe.experts.%d"
	n.ExpertGate, n.ExpertUp, n.ExpertDown = "w1", "w3", "w2"
	return s
}
