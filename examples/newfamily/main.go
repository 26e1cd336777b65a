// Command newfamily is the cli program with one more model family: what a program of your own looks like.
// The family has what LLaMA does not: queries, keys and values in one matrix, and attention and the
// feed-forward block side by side behind one norm.
//
//	go run ./examples/newfamily prune --model path/to/folder --out pruned
//
// Everything that the program can do with a model follows from the declaration.
package main

import (
	"os"

	"github.com/adagp/adagp/cmd/cli/app"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// architecture is the name that config.json gives in "architectures".
const architecture = "ParallelForCausalLM"

func init() { decoder.Register(architecture, parse) }

func main() { os.Exit(app.Main()) }

// parse reads the bytes of a config.json.
func parse(config []byte) (*decoder.Spec, error) {
	f, err := models.ParseFields(config)
	if err != nil {
		return nil, err
	}
	s := &decoder.Spec{
		Config:    decoder.ReadSizes(f, architecture),
		Names:     decoder.StandardNames(),
		Norm:      decoder.Norm{Kind: decoder.LayerNorm, Eps: float32(f.PositiveOr("layer_norm_eps", 1e-5))},
		Placement: decoder.ParallelOneNorm,
		FinalNorm: true,
		Attention: decoder.Attention{Layout: decoder.Stacked, QKVBias: true, OutputBias: true},
		MLP:       decoder.MLP{InBias: true, OutBias: true},
	}
	s.Activation = f.StringOr("hidden_act", "gelu")
	s.Position = decoder.ReadRotary(f, s.HeadDim, 10000)
	s.Names.QueryKeyValue = "self_attn.qkv_proj"
	s.Names.Up, s.Names.Down = "mlp.fc1", "mlp.fc2"
	return s, f.Err()
}
