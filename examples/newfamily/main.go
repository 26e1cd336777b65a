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
	s := decoder.ReadStandard(f, architecture, decoder.Defaults{
		Names: decoder.FieldNames{Eps: "layer_norm_eps"}, Eps: 1e-5, Activation: "gelu",
	})
	s.Norm.Kind = decoder.LayerNorm
	s.Placement = decoder.ParallelOneNorm
	s.Attention = decoder.Attention{Layout: decoder.Stacked, QKVBias: true, OutputBias: true}
	s.MLP = decoder.MLP{InBias: true, OutBias: true}
	s.Names.QueryKeyValue = "self_attn.qkv_proj"
	s.Names.Up, s.Names.Down = "mlp.fc1", "mlp.fc2"
	return s, f.Err()
}
