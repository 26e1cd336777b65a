// Package starcoder2 declares the StarCoder2 architecture: layer norms, rotary positions, a feed-forward block without a
// gate, biases everywhere, and a window in all layers (Lozhkov et al. 2024). It registers itself as
// "Starcoder2ForCausalLM".
package starcoder2

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture is the name in config.json.
const Architecture = "Starcoder2ForCausalLM"

func init() { decoder.RegisterFamily(Architecture, read) }

// read reads config.json.
func read(f *models.Fields) *decoder.Spec {
	s := decoder.ReadStandard(f, Architecture, decoder.Defaults{
		Names: decoder.FieldNames{Eps: "norm_epsilon"}, Eps: 1e-5, Activation: "gelu_pytorch_tanh",
		KVHeads: 2, MaxPositions: 4096, Tied: true,
	})
	s.Norm.Kind = decoder.LayerNorm
	bias := f.BoolOr("use_bias", true)
	s.Attention.QKVBias, s.Attention.OutputBias = bias, bias
	s.MLP = decoder.MLP{InBias: bias, OutBias: bias}
	s.Attention.Window = decoder.Windows(decoder.Sliding(s.NumLayers, decoder.EveryLayer), decoder.ReadWindow(f, 0))
	s.Names.Up, s.Names.Down = "mlp.c_fc", "mlp.c_proj"
	return s
}
